// Sorted texts are the trie's branches from left to right.
#include "rollout/byte_trie.h"

#include <algorithm>

#include "aha/core/error.h"

namespace aha::rollout {

namespace {

size_t shared_bytes(std::string_view a, std::string_view b) {
  const size_t length = std::min(a.size(), b.size());
  return static_cast<size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(length), b.begin()).first - a.begin());
}

}  // namespace

ByteTrie::ByteTrie(std::vector<TokenText> texts) {
  // std::string_view compares as unsigned bytes.
  std::sort(texts.begin(), texts.end(), [](const TokenText& a, const TokenText& b) {
    return a.bytes != b.bytes ? a.bytes < b.bytes : a.token < b.token;
  });
  std::array<uint32_t, kMaxDepth + 1> open;  // the nodes of the branch at hand
  open[0] = 0;
  size_t depth = 0;
  nodes_.push_back({0, 0, 0, 0});
  const auto close_to = [&](size_t shared) {
    for (; depth > shared; --depth) nodes_[open[depth]].next = static_cast<uint32_t>(nodes_.size());
  };
  std::string_view last;
  for (const TokenText& text : texts) {
    AHA_CHECK(text.bytes.size() <= kMaxDepth, "a token is too long for the trie");
    close_to(shared_bytes(last, text.bytes));
    while (depth < text.bytes.size()) {
      const auto byte = static_cast<uint8_t>(text.bytes[depth]);
      open[++depth] = static_cast<uint32_t>(nodes_.size());
      nodes_.push_back({0, static_cast<uint32_t>(tokens_.size()), byte, static_cast<uint8_t>(depth)});
    }
    tokens_.push_back(text.token);
    last = text.bytes;
  }
  close_to(0);
  nodes_[0].next = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({0, static_cast<uint32_t>(tokens_.size()), 0, 0});
}

}  // namespace aha::rollout
