// Looks for one tag at a time: the one that would end the piece being read.
#include "data/thought_splitter.h"

#include <algorithm>

namespace aha::data {
namespace {

constexpr std::string_view kOpen = "<think>", kClose = "</think>";

// Bytes at the text's end that are a beginning of the tag.
size_t begun_bytes(std::string_view text, std::string_view tag) {
  for (size_t count = std::min(text.size(), tag.size() - 1); count > 0; --count) {
    if (tag.starts_with(text.substr(text.size() - count))) return count;
  }
  return 0;
}

}  // namespace

std::vector<TextPiece> ThoughtSplitter::take(std::string_view text) {
  held_ += text;
  std::vector<TextPiece> pieces;
  const auto give = [&](size_t count) {
    if (count > 0) pieces.push_back({held_.substr(0, count), in_thought_});
    held_.erase(0, count);
  };
  while (true) {
    const std::string_view tag = in_thought_ ? kClose : kOpen;
    const size_t place = held_.find(tag);
    if (place == std::string::npos) {
      give(held_.size() - begun_bytes(held_, tag));
      return pieces;
    }
    give(in_thought_ ? place + tag.size() : place);
    in_thought_ = !in_thought_;
  }
}

bool ends_in_thought(std::string_view prompt) {
  const size_t last = prompt.find_last_not_of(" \t\r\n");
  return last != std::string_view::npos && prompt.substr(0, last + 1).ends_with(kOpen);
}

}  // namespace aha::data
