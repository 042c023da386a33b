// A punishment for saying the same again: the n-gram repetition penalty of arXiv:2502.03373.
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// max_penalty · (1 − different n-grams / n-grams), over the words of the whole completion in lower case; 0 if it has
/// fewer than ngram_size. Words are what stands between white space; every ideograph and kana is one of its own.
/// Detail: "ngrams" and "different".
class RepetitionReward final : public Reward {
 public:
  using Reward::score;
  explicit RepetitionReward(const ShapingOptions& options);
  Score score(const Submission& submission) const override;

 private:
  size_t ngram_size_;
  double max_penalty_;
};

}  // namespace aha::reward
