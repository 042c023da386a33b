// Guesses the next tokens of a text from what followed the same tokens before.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace aha::rollout {

/// Prompt lookup: the last three tokens, or else two, are looked for earlier in prompt and completion; the latest
/// place counts, and what followed there is proposed. Thread-safe, keeps nothing.
class NgramDrafter {
 public:
  /// @param max_tokens looks back over this many tokens at most
  explicit NgramDrafter(int64_t max_tokens);
  /// Appends up to `limit` likely next tokens; none where the last tokens are new. A text that repeats itself is gone
  /// on with, so that the match may lie close to the end.
  void propose(std::span<const int32_t> prompt, std::span<const int32_t> completion, int64_t limit,
               std::vector<int32_t>& drafts) const;

 private:
  int64_t max_tokens_;
};

}  // namespace aha::rollout
