// Right answers earn more the shorter they are, wrong ones lose less the longer they are (arXiv:2502.03373).
#pragma once
#include "aha/reward/reward.h"
#include "reward/math_reward.h"

namespace aha::reward {

/// Half a cosine over the length in tokens, from 0 to max_length: right answers from 1 down to 0.5, wrong ones from -1
/// up to -0.5; longer ones stay at the last value. Right is what the verifier `math` calls equal to the row's answer.
/// Null where that verifier is, and where the length is not known. Detail: that of `math`, and "length".
class CosineReward final : public Reward {
 public:
  using Reward::score;
  explicit CosineReward(const ShapingOptions& options);
  Score score(const Submission& submission) const override;
  void check_example(const data::Example& example, const std::string& place) const override;
  bool same_answer(const std::string& a, const std::string& b) const override;

 private:
  MathReward math_;
  int64_t max_length_;
};

}  // namespace aha::reward
