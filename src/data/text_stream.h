// A completion's text as it grows, token by token.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "aha/data/tokenizer.h"

namespace aha::data {

/// Hands out the text of growing ids in pieces of whole characters: what a token begins of a character waits for the
/// tokens that end it. The pieces joined are decode() of all ids; those that a model has beyond its tokenizer's write
/// nothing. Each call decodes the last few ids only.
class TextStream {
 public:
  explicit TextStream(std::shared_ptr<const Tokenizer> tokenizer) : tokenizer_(std::move(tokenizer)) {}
  /// @param token_ids all ids so far, those of the last call first
  std::string take(std::span<const int32_t> token_ids);
  /// What was held back: bytes that have become no character.
  std::string finish(std::span<const int32_t> token_ids) const;

 private:
  std::string decode(std::span<const int32_t> token_ids) const;
  std::shared_ptr<const Tokenizer> tokenizer_;
  // A piece may look different at the start of a text (SentencePiece drops a space there): so a window of ids is
  // decoded that begins with the piece before.
  size_t window_begin_ = 0, window_piece_ = 0;  // ids; the piece before ends at window_piece_
  size_t num_shown_ = 0;                        // bytes of the window's text that have been handed out
};

}  // namespace aha::data
