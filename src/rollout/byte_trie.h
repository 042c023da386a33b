// Tokens by their bytes, walked together with a rule that cuts branches.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace aha::rollout {

struct TokenText {
  std::string_view bytes;
  int32_t token;
};

/// Built once, then read by any number of threads. Twelve bytes for each distinct prefix.
class ByteTrie {
 public:
  static constexpr size_t kMaxDepth = 255;

  /// @param texts in any order, at most kMaxDepth bytes each; several tokens may have the same. Bytes are not kept
  explicit ByteTrie(std::vector<TokenText> texts);

  /// From `start`, the state before the first byte, on: `step(state, byte)` moves a state on or says that the byte may
  /// not come, and `visit(state, tokens)` gets the tokens that end there. Allocates nothing.
  template <class State, class Step, class Visit>
  void walk(const State& start, Step step, Visit visit) const {
    std::array<State, kMaxDepth + 1> states;
    states[0] = start;
    if (const auto tokens = tokens_of(0); !tokens.empty()) visit(start, tokens);
    for (size_t i = 1; i + 1 < nodes_.size();) {
      const Node& node = nodes_[i];
      State& state = states[node.depth];
      state = states[node.depth - 1];
      if (!step(state, node.byte)) {
        i = node.next;
        continue;
      }
      if (const auto tokens = tokens_of(i); !tokens.empty()) visit(state, tokens);
      ++i;
    }
  }

 private:
  // Depth first, so that a branch is a stretch.
  struct Node {
    uint32_t next;         // behind the branch
    uint32_t first_token;  // of tokens_, up to the next node's
    uint8_t byte, depth;
  };
  std::span<const int32_t> tokens_of(size_t node) const {
    const uint32_t begin = nodes_[node].first_token, end = nodes_[node + 1].first_token;
    return {tokens_.data() + begin, end - begin};
  }
  std::vector<Node> nodes_;  // node 0 is the empty text; one more node ends them
  std::vector<int32_t> tokens_;
};

}  // namespace aha::rollout
