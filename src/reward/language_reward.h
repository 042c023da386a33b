// Share of the reasoning's words that are in the language asked for (eq. 7 of arXiv:2501.12948).
#pragma once
#include <array>
#include <string_view>

#include "aha/reward/reward.h"

namespace aha::reward {

enum class Script { kLatin, kHan, kKana, kHangul, kCyrillic, kGreek, kArabic, kHebrew, kDevanagari, kThai, kOther };
constexpr size_t kNumScripts = 11;

/// Words of each script: every ideograph counts one, elsewhere every unbroken run of letters of one script. Code
/// between backticks, LaTeX, numbers and punctuation are no words. One pass.
std::array<int64_t, kNumScripts> count_words(std::string_view text);

/// Words of the target language / words, over the text between <think> and </think> (to the end if it never closes);
/// 0 if that has no words. The target is the column `language` ("en", "zh", …), else the script most frequent in the
/// prompt; null if neither tells.
class LanguageReward final : public Reward {
 public:
  using Reward::score;
  Score score(const Submission& submission) const override;
  void check_example(const data::Example& example, const std::string& place) const override;
};

}  // namespace aha::reward
