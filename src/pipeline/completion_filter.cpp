// The filter's rules, cheapest first; the first that fails names the reason.
#include "pipeline/completion_filter.h"

#include <algorithm>

#include "aha/data/template.h"

namespace aha::pipeline {
namespace {

std::vector<int32_t> without_end(const data::Completion& completion, const data::Tokenizer& tokenizer) {
  std::vector<int32_t> ids = completion.token_ids;
  const std::vector<int32_t> ends = tokenizer.eos_ids();
  if (!ids.empty() && std::find(ends.begin(), ends.end(), ids.back()) != ends.end()) ids.pop_back();
  return ids;
}

}  // namespace

double repetition(const std::vector<int32_t>& token_ids, int64_t n) {
  const int64_t count = std::ssize(token_ids) - n + 1;
  if (count <= 0) return 0;
  std::set<std::vector<int32_t>> seen;
  for (int64_t i = 0; i < count; ++i) seen.emplace(token_ids.begin() + i, token_ids.begin() + i + n);
  return 1.0 - static_cast<double>(seen.size()) / static_cast<double>(count);
}

CompletionFilter::CompletionFilter(KeepConfig config, std::shared_ptr<const data::Tokenizer> tokenizer)
    : config_(config), tokenizer_(std::move(tokenizer)) {
  reward::RewardConfig rule;
  rule.name = "language_consistency";
  language_ = reward::make_reward(rule);
}

std::string CompletionFilter::fault(const data::Completion& completion, const data::Example& example,
                                    const reward::BatchScores& scores, size_t index) const {
  for (const auto& values : scores.values) {
    if (!values[index]) return "not_judged";
    if (*values[index] < config_.reward) return "reward";
  }
  if (completion.finish_reason != data::FinishReason::kStop) return "truncated";
  if (completion.text.empty()) return "empty";
  if (config_.well_formed && !data::split_tags(completion.text).is_well_formed) return "format";
  const int64_t length = std::ssize(completion.token_ids);
  if (length < config_.min_length || (config_.max_length > 0 && length > config_.max_length)) return "length";
  // A dataset holds text: what does not come back as the same tokens would teach something else.
  const std::vector<int32_t> ids = without_end(completion, *tokenizer_);
  if (tokenizer_->encode(completion.text) != ids) return "not_text";
  if (repetition(ids, config_.repetition_ngram) > config_.max_repetition) return "repetition";
  if (config_.language_consistency > 0) {
    const reward::Score score = language_->score(completion.text, example);
    if (!score.value) return "not_judged";
    if (*score.value < config_.language_consistency) return "language_consistency";
  }
  return "";
}

std::vector<std::string> CompletionFilter::reasons(const data::CompletionBatch& batch,
                                                   const reward::BatchScores& scores) const {
  std::vector<std::string> reasons;
  std::map<int64_t, std::set<std::string>> kept;  // texts by prompt
  for (size_t i = 0; i < batch.completions.size(); ++i) {
    const data::Completion& completion = batch.completions[i];
    std::string reason = fault(completion, batch.prompts[completion.prompt_index].example, scores, i);
    std::set<std::string>& texts = kept[completion.prompt_index];
    if (reason.empty() && texts.contains(completion.text)) reason = "duplicate";
    if (reason.empty() && config_.max_per_prompt > 0 && std::ssize(texts) >= config_.max_per_prompt) {
      reason = "max_per_prompt";
    }
    if (reason.empty()) texts.insert(completion.text);
    reasons.push_back(std::move(reason));
  }
  return reasons;
}

}  // namespace aha::pipeline
