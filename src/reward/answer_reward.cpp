// Extraction and verdicts, the same for every rule that knows the right answer.
#include "reward/answer_reward.h"

#include "aha/core/error.h"
#include "reward/extract.h"

namespace aha::reward {
namespace {

constexpr size_t kShownBytes = 2048;  // of an answer, in the detail

std::string anchor_of(const data::Example& example) {
  const auto found = example.columns.find("answer_anchor");
  return found != example.columns.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string AnswerReward::gold_of(const data::Example& example) {
  const auto anchored = after_anchor(example.answer, anchor_of(example));
  return anchored ? std::string(*anchored) : example.answer;
}

Score AnswerReward::score(const Submission& submission) const {
  const data::Example& example = submission.example;
  const Extraction extraction = extract_answer(submission.completion, anchor_of(example));
  Verdict verdict = Verdict::kUnparsable;
  if (extraction.answer) {
    verdict = judge(*extraction.answer, example);
  } else if (!gold_fault(example).empty()) {
    verdict = Verdict::kUnparsableGold;
  }
  Score score;
  if (verdict != Verdict::kUnparsableGold) score.value = verdict == Verdict::kEqual ? 1.0 : 0.0;
  constexpr const char* kNames[] = {"equal", "different", "undecided", "unparsable", "unparsable_gold"};
  score.detail["verdict"] = kNames[static_cast<int>(verdict)];
  score.detail["extracted"] = extraction.answer.value_or("").substr(0, kShownBytes);
  if (!extraction.answer) score.detail["reason"] = extraction.reason;
  return score;
}

void AnswerReward::check_example(const data::Example& example, const std::string& place) const {
  const std::string fault = gold_fault(example);
  if (!fault.empty()) throw InputError(place, fault);
}

}  // namespace aha::reward
