// Majority vote over the answers to one prompt.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aha/reward/reward.h"

namespace aha::evaluate {

struct Vote {
  std::string answer;  // extracted; empty: the sample has none and does not vote
  bool is_right = false;
};

/// Whether the largest cluster of equal answers is right, as its first member was judged; the cluster seen first wins
/// a tie; false if nobody votes. Equal texts meet first, so that `equality` compares distinct ones alone.
bool consensus_is_right(const std::vector<Vote>& votes, const reward::Reward& equality);

}  // namespace aha::evaluate
