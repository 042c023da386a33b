// The bytes that each token of a vocabulary writes, at the beginning of a text and further on.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aha/data/tokenizer.h"
#include "rollout/byte_trie.h"

namespace aha::rollout {

/// Bytes by token.
class TokenBytes {
 public:
  void add(std::string_view bytes);
  int64_t size() const { return std::ssize(ends_); }
  /// Empty where a token writes nothing.
  std::string_view of(int32_t token) const {
    const size_t begin = token == 0 ? 0 : ends_[token - 1];
    return std::string_view(bytes_).substr(begin, ends_[token] - begin);
  }
  /// Of the tokens that write something.
  std::vector<TokenText> texts() const;
  bool operator==(const TokenBytes&) const = default;

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

struct TokenTexts {
  TokenBytes first;  // as the first token: many tokenizers drop a space there
  TokenBytes later;  // behind other tokens
};

/// Nothing for special tokens, those beyond the tokenizer's own, those of over ByteTrie::kMaxDepth bytes, and `ends`.
TokenTexts read_token_texts(const data::Tokenizer& tokenizer, int64_t vocab_size, const std::vector<int32_t>& ends);

}  // namespace aha::rollout
