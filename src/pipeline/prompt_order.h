// The order in which a stage asks its training prompts.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "aha/data/completion.h"

namespace aha::pipeline {

/// All prompts in a counted order, then all again in another, without end. How many have been taken is the caller's to
/// remember: nothing else decides what comes next.
class PromptOrder {
 public:
  /// @param purpose keys the random numbers: "prompts/zero"
  PromptOrder(data::PromptBatch prompts, uint64_t seed, std::string purpose);
  /// `count` prompts after the first `num_taken`.
  data::PromptBatch next(int64_t num_taken, int64_t count);
  const data::PromptBatch& prompts() const { return prompts_; }

 private:
  const data::Prompt& at(int64_t position);

  data::PromptBatch prompts_;
  uint64_t seed_;
  std::string purpose_;
  int64_t epoch_ = 0;
  std::vector<int64_t> order_;  // of the epoch
};

}  // namespace aha::pipeline
