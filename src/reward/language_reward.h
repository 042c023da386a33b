// Share of the reasoning's words that are in the language asked for (eq. 7 of arXiv:2501.12948).
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// Words of the target language / words, over the text between <think> and </think> (to the end if it never closes);
/// 0 if that has no words. The target is the column `language` ("en", "zh", …); without it the script most frequent in
/// the prompt, and the prompt's language where that is sure; null if neither tells. Words in the target's script count,
/// but for those of parts that are surely in another language of it (German among English).
class LanguageReward final : public Reward {
 public:
  using Reward::score;
  Score score(const Submission& submission) const override;
  void check_example(const data::Example& example, const std::string& place) const override;
};

}  // namespace aha::reward
