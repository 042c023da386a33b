// 1 if the completion has the tags of the R1 format where they belong.
#include "reward/format_reward.h"

#include "aha/data/template.h"
#include "reward/extract.h"

namespace aha::reward {
namespace {

bool has_thought_and_reply(const std::string& completion, const data::TaggedParts& parts) {
  return parts.has_reasoning && trimmed(completion).starts_with("<think>") && !trimmed(parts.summary).empty();
}

}  // namespace

FormatReward::FormatReward(const FormatOptions& options) : needs_answer_tags_(options.layout == "think_answer") {}

Score FormatReward::score(const Submission& submission) const {
  const data::TaggedParts parts = data::split_tags(submission.completion);
  Score score;
  const bool is_well_formed =
      needs_answer_tags_ ? parts.is_well_formed : has_thought_and_reply(submission.completion, parts);
  score.value = is_well_formed ? 1.0 : 0.0;
  score.detail["has_reasoning"] = parts.has_reasoning;
  score.detail["has_answer"] = parts.has_answer;
  score.detail["is_well_formed"] = is_well_formed;
  return score;
}

}  // namespace aha::reward
