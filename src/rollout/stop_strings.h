// Strings that end a completion, looked for while it grows.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "aha/data/tokenizer.h"

namespace aha::rollout {

/// Text of ids, special tokens kept. A model's vocabulary may be padded beyond the tokenizer's: those ids write
/// nothing.
std::string decode_known(const data::Tokenizer& tokenizer, std::vector<int32_t> token_ids);

class StopStrings {
 public:
  /// @throws InputError for an empty string, or for any without a tokenizer
  StopStrings(const std::vector<std::string>& strings, const data::Tokenizer* tokenizer);
  bool empty() const { return strings_.empty(); }
  /// True once the last token has completed a stop string. Decodes the last tokens only; the whole text is decoded to
  /// confirm a find.
  bool ends(const std::vector<int32_t>& token_ids) const;
  /// `text` up to the first stop string.
  std::string cut(std::string text) const;

 private:
  size_t find_first(const std::string& text) const;
  std::vector<std::string> strings_;
  const data::Tokenizer* tokenizer_;
  int64_t window_tokens_ = 0;
};

}  // namespace aha::rollout
