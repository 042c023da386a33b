// Decodes a window of the last ids, and hands out what is new in it up to its last whole character.
#include "data/text_stream.h"

#include <algorithm>

namespace aha::data {
namespace {

// Bytes before a character that has only begun. Bytes that can begin none are whole: nothing will complete them.
size_t whole_length(const std::string& text) {
  for (size_t back = 1; back <= std::min<size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;  // goes on with a character
    const bool begins_one = byte >= 0xC2 && byte <= 0xF4;
    const size_t length = !begins_one ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    return length > back ? text.size() - back : text.size();
  }
  return text.size();
}

}  // namespace

std::string TextStream::decode(std::span<const int32_t> token_ids) const {
  std::vector<int32_t> known(token_ids.begin(), token_ids.end());
  std::erase_if(known, [&](int32_t id) { return id >= tokenizer_->vocab_size(); });
  return tokenizer_->decode(known);
}

std::string TextStream::take(std::span<const int32_t> token_ids) {
  const std::string text = decode(token_ids.subspan(window_begin_));
  const size_t whole = whole_length(text);
  std::string piece;
  if (whole > num_shown_) piece = text.substr(num_shown_, whole - num_shown_);
  num_shown_ = std::max(num_shown_, whole);
  if (whole == text.size() && window_piece_ < token_ids.size()) {
    window_begin_ = window_piece_;
    window_piece_ = token_ids.size();
    num_shown_ = decode(token_ids.subspan(window_begin_)).size();
  }
  return piece;
}

std::string TextStream::finish(std::span<const int32_t> token_ids) const {
  const std::string text = decode(token_ids.subspan(window_begin_));
  return text.size() > num_shown_ ? text.substr(num_shown_) : "";
}

}  // namespace aha::data
