// Tokens of the judged parts, one batch through the reward model, and what becomes of empty parts.
#include "reward/learned/reward_model_reward.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aha/data/tokenizer.h"
#include "aha/model/sequence_rewards.h"
#include "reward/learned/asked_model.h"
#include "reward/learned/completion_part.h"
#include "reward/learned/judged_tokens.h"

namespace aha::reward {
namespace {

class RewardModelReward final : public Reward {
 public:
  RewardModelReward(const RewardConfig& config, const RewardServices& services)
      : asked_(load_asked_model(config, services)),
        part_(config.judge.part),
        template_(config.judge.template_name.value_or("plain")),
        num_threads_(services.num_threads) {
    if (!asked_.model->config().is_reward_model) {
      throw InputError(config.judge.model, "is a language model: it has no score head; name a reward model");
    }
  }

  using Reward::score;
  Score score(const Submission& submission) const override { return score_batch({submission}, {}).front(); }
  bool is_batched() const override { return true; }
  std::vector<Score> score_batch(const std::vector<Submission>& submissions, std::stop_token stop) const override;

  void check_example(const data::Example& example, const std::string& place) const override {
    const std::string nothing, no_prompt;
    const Submission submission{.completion = nothing, .example = example, .prompt = no_prompt};
    const int64_t length = std::ssize(judged_tokens(submission, nothing, template_, *asked_.tokenizer));
    if (length > context()) throw InputError(place, too_long(length) + " even without a completion; leave it out");
  }

 private:
  int64_t context() const { return asked_.model->config().max_position_embeddings; }
  std::string too_long(int64_t length) const {
    return fmt::format("has {} tokens, more than the {} of the reward model's context", length, context());
  }

  AskedModel asked_;
  std::string part_, template_;
  int num_threads_;
};

// Saying nothing must not pay better than the worst of what the others said.
void score_empty_parts(const SubmissionGroup& group, const std::vector<bool>& is_empty, std::vector<Score>& scores) {
  std::optional<double> lowest;
  for (size_t i = group.begin; i < group.end; ++i) {
    if (scores[i].value) lowest = std::min(lowest.value_or(*scores[i].value), *scores[i].value);
  }
  for (size_t i = group.begin; i < group.end; ++i) {
    if (!is_empty[i]) continue;
    scores[i].value = lowest;
    scores[i].detail["is_empty"] = true;
  }
}

std::vector<Score> RewardModelReward::score_batch(const std::vector<Submission>& submissions,
                                                  std::stop_token stop) const {
  std::vector<Score> scores(submissions.size());
  std::vector<bool> is_empty(submissions.size());
  std::vector<std::vector<int32_t>> sequences;
  std::vector<size_t> judged;  // whose sequences they are
  for (size_t i = 0; i < submissions.size(); ++i) {
    const std::string part = completion_part(submissions[i], part_);
    is_empty[i] = part.empty();
    if (is_empty[i]) continue;
    std::vector<int32_t> tokens = judged_tokens(submissions[i], part, template_, *asked_.tokenizer);
    scores[i].detail["tokens"] = tokens.size();
    if (std::ssize(tokens) > context()) {
      scores[i].fault = "a completion with its prompt " + too_long(std::ssize(tokens));
      continue;
    }
    sequences.push_back(std::move(tokens));
    judged.push_back(i);
  }
  const std::vector<double> rewards =
      model::sequence_rewards(*asked_.model, sequences, {.num_threads = num_threads_, .stop = std::move(stop)});
  for (size_t i = 0; i < judged.size(); ++i) scores[judged[i]].value = rewards[i];
  for (const SubmissionGroup& group : groups_of(submissions)) score_empty_parts(group, is_empty, scores);
  return scores;
}

}  // namespace

std::unique_ptr<Reward> make_reward_model_reward(const RewardConfig& config, const RewardServices& services) {
  return std::make_unique<RewardModelReward>(config, services);
}

}  // namespace aha::reward
