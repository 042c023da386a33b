// Which sequences of a batch are computed together.
#pragma once
#include <cstdint>
#include <vector>

namespace aha::train {

/// Groups of sequence indices of about equal length, so that workers end together: as many groups as
/// tokens_per_micro_batch asks for, rounded up to a multiple of four; small batches make up to four groups where that
/// leaves about kLeastMicroBatchTokens tokens in each. No group is longer than tokens_per_micro_batch (a longer
/// sequence stands alone). Depends on the lengths only, never on the threads: neither do the bits of what is computed.
inline constexpr int64_t kLeastMicroBatchTokens = 256;
std::vector<std::vector<int64_t>> micro_batches(const std::vector<int64_t>& lengths, int64_t tokens_per_micro_batch);

}  // namespace aha::train
