// Decodes each token by itself, and behind a letter.
#include "rollout/token_bytes.h"

#include <algorithm>

namespace aha::rollout {

namespace {

bool is_letter(const std::string& text) {
  return text.size() == 1 && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
}

}  // namespace

void TokenBytes::add(std::string_view bytes) {
  bytes_ += bytes;
  ends_.push_back(bytes_.size());
}

std::vector<TokenText> TokenBytes::texts() const {
  std::vector<TokenText> texts;
  for (int32_t token = 0; token < size(); ++token) {
    if (!of(token).empty()) texts.push_back({of(token), token});
  }
  return texts;
}

TokenTexts read_token_texts(const data::Tokenizer& tokenizer, int64_t vocab_size, const std::vector<int32_t>& ends) {
  const auto size = static_cast<int32_t>(std::min(vocab_size, tokenizer.vocab_size()));
  const auto decode = [&](const std::vector<int32_t>& ids) { return tokenizer.decode(ids, /*skip_special=*/true); };
  std::vector<int32_t> pair;
  std::string letter;
  for (int32_t id = 0; id < size && pair.empty(); ++id) {
    letter = decode({id});
    if (is_letter(letter)) pair = {id, 0};
  }
  TokenTexts texts;
  for (int32_t id = 0; id < vocab_size; ++id) {
    std::string first, later;
    if (id < size && std::find(ends.begin(), ends.end(), id) == ends.end()) {
      first = later = decode({id});
      if (!pair.empty()) {
        pair[1] = id;
        later = decode(pair);
        later = later.starts_with(letter) ? later.substr(letter.size()) : std::string();
      }
    }
    texts.first.add(first.size() <= ByteTrie::kMaxDepth ? first : std::string());
    texts.later.add(later.size() <= ByteTrie::kMaxDepth ? later : std::string());
  }
  return texts;
}

}  // namespace aha::rollout
