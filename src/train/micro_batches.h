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

/// Sequences that go on from one prompt, which is computed once for all of them that are computed together.
struct PromptGroup {
  int64_t prompt_length;
  std::vector<int64_t> sequences;  // indices
};

/// The same for groups; `lengths` of the sequences are those without their prompts. A group stays together where it
/// fits, unless there are fewer groups than workers could share: then it may be cut into parts that are longer than its
/// prompt without it. Each part has a copy of the prompt, which counts.
std::vector<std::vector<int64_t>> micro_batches(const std::vector<PromptGroup>& groups,
                                                const std::vector<int64_t>& lengths, int64_t tokens_per_micro_batch);

}  // namespace aha::train
