// 1 if the response follows every instruction of its row, as IFEval checks them (arXiv:2311.07911).
#pragma once
#include "aha/reward/reward.h"

namespace aha::reward {

/// Columns `instruction_id_list` (names) and `kwargs` (an object of arguments for each, null ones left out). The
/// response is what stands after the reasoning, in <answer> tags if there are some; an empty one follows nothing.
/// Strict: each instruction holds in the response as it is. Loose: each holds in one of eight forms of it, without the
/// first line, the last line or both, and without asterisks.
///
/// Detail: "strict", "loose", and "instructions": {"id", "strict", "loose"} each.
class InstructionReward final : public Reward {
 public:
  using Reward::score;
  explicit InstructionReward(const InstructionOptions& options) : is_loose_(options.loose) {}
  Score score(const Submission& submission) const override;
  void check_example(const data::Example& example, const std::string& place) const override;

 private:
  bool is_loose_;
};

}  // namespace aha::reward
