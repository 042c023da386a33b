// Ids as decimal numbers, each with a space behind it.
#include "verbs/number_tokenizer.h"

#include <charconv>

#include "aha/core/error.h"

namespace aha::tools {

std::vector<int32_t> NumberTokenizer::encode(std::string_view text) const {
  return encode_with_offsets(text).token_ids;
}

data::EncodedText NumberTokenizer::encode_with_offsets(std::string_view text) const {
  data::EncodedText encoded;
  for (size_t begin = 0; begin < text.size();) {
    int32_t id = 0;
    const auto [rest, error] = std::from_chars(text.data() + begin, text.data() + text.size(), id);
    if (error != std::errc() || id >= vocab_size_)
      throw InputError("text", "is not ids in decimal with spaces between");
    encoded.token_ids.push_back(id);
    encoded.begins.push_back(static_cast<int64_t>(begin));
    begin = text.find_first_not_of(' ', static_cast<size_t>(rest - text.data()));
  }
  return encoded;
}

std::string NumberTokenizer::decode(const std::vector<int32_t>& token_ids, bool) const {
  std::string text;
  for (const int32_t id : token_ids) text += std::to_string(id) + ' ';
  return text;
}

}  // namespace aha::tools
