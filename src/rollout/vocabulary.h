// The tables over a vocabulary that guides share.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "aha/rollout/constraint.h"
#include "rollout/byte_trie.h"
#include "rollout/token_bytes.h"

namespace aha::rollout {

struct Vocabulary::Tables {
  Tables(const data::Tokenizer& tokenizer, int64_t vocab_size, const std::vector<int32_t>& eos_ids);

  const TokenBytes& bytes(bool is_first) const { return is_first ? texts.first : texts.later; }
  const ByteTrie& trie(bool is_first) const { return is_first && first_trie ? *first_trie : later_trie; }
  bool is_end(int32_t token) const { return std::find(ends.begin(), ends.end(), token) != ends.end(); }
  void allow_ends(std::span<uint8_t> allowed_V) const {
    for (const int32_t end : ends) allowed_V[end] = 1;
  }

  std::vector<int32_t> ends;  // end tokens inside the vocabulary
  TokenTexts texts;
  ByteTrie later_trie;
  std::optional<ByteTrie> first_trie;  // where tokens write something else at the beginning

  std::array<std::vector<int32_t>, 256> byte_tokens;  // those that write one byte
  // Inside a JSON string nearly all tokens are allowed, and the same ones whatever is around it, but for those that
  // hold its closing quote: they depend on what may come behind.
  bool has_all_bytes = true;        // else a token must not end inside a character
  std::vector<uint8_t> string_V;    // 1: the token stays inside the string
  std::optional<ByteTrie> closing;  // what the others write behind the quote

 private:
  void fill_strings(const std::vector<TokenText>& all);
};

}  // namespace aha::rollout
