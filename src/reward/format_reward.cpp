// 1 if the completion is <think>…</think><answer>…</answer> and nothing else.
#include "reward/format_reward.h"

#include "aha/data/template.h"

namespace aha::reward {

Score FormatReward::score(const Submission& submission) const {
  const data::TaggedParts parts = data::split_tags(submission.completion);
  Score score;
  score.value = parts.is_well_formed ? 1.0 : 0.0;
  score.detail["has_reasoning"] = parts.has_reasoning;
  score.detail["has_answer"] = parts.has_answer;
  score.detail["is_well_formed"] = parts.is_well_formed;
  return score;
}

}  // namespace aha::reward
