// How long a completion is, in tokens.
#pragma once
#include <cstdint>
#include <optional>

#include "aha/reward/reward.h"

namespace aha::reward {

/// Of the ids it was drawn as, the end token included; where only its text is known, what the row's column
/// `completion_length` says; else null.
std::optional<int64_t> completion_length(const Submission& submission);

/// The score of a completion of which that is null.
Score unknown_length();

}  // namespace aha::reward
