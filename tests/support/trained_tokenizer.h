// Tokenizers whose tokens span quotes, brackets and words: trained on a page of JSON and prose, or made by hand.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "aha/core/file.h"
#include "aha/data/tokenizer.h"
#include "aha/data/tokenizer_training.h"
#include "data/sentencepiece_tokenizer.h"

namespace aha::test {

inline std::string json_corpus() {
  const char* keys[] = {"name", "größe", "items", "x\\ny", "值"};
  const char* values[] = {
      "\"yes please\"", "[1, -2.5, 3e4]", "{\"a\": null}", "true", "\"\\u00e9 \\\"quoted\\\" 😀\"", "[]"};
  std::string text;
  for (int i = 0; i < 240; ++i) {
    text += std::string("{\"") + keys[i % 5] + "\": " + values[i % 6] + ", \"" + keys[i / 5 % 5] +
            "\":" + values[i / 7 % 6] + "}\n[\"no\",\"yes\"] maybe yes, maybe no\n{\n  \"deep\": [[{}]],\n}\n";
  }
  return text;
}

/// @param kind of TokenizerTraining
inline std::shared_ptr<const data::Tokenizer> trained_tokenizer(const std::string& kind, int64_t vocab_size) {
  const auto folder = std::filesystem::temp_directory_path() / ("aha_json_" + kind + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  write_file_atomic(folder / "corpus.txt", json_corpus());
  data::TokenizerTraining training;
  training.kind = kind;
  training.vocab_size = vocab_size;
  data::train_tokenizer({folder / "corpus.txt"}, training, folder);
  auto tokenizer = data::load_tokenizer(folder);
  std::filesystem::remove_all(folder);
  return tokenizer;
}

/// A SentencePiece model like Llama 2's: a space before a text's first word is dropped when it is decoded.
inline std::shared_ptr<const data::Tokenizer> spaced_tokenizer() {
  data::SentencePieceModel model;
  model.remove_extra_whitespaces = false;
  model.has_byte_fallback = true;
  model.pieces = {{"<unk>", 0, data::PieceType::kUnknown},
                  {"<s>", 0, data::PieceType::kControl},
                  {"</s>", 0, data::PieceType::kControl}};
  for (int byte = 0; byte < 256; ++byte) {
    model.pieces.push_back({data::byte_piece(byte), 0, data::PieceType::kByte});
  }
  for (const char* text : {"\u2581", "\u2581yes", "yes", "\u2581maybe", "\u2581\"", "\":", "y", "e", "s"}) {
    model.pieces.push_back({text, -1});
  }
  return std::make_shared<data::SentencePieceTokenizer>(model, data::SentencePieceSettings{}, "spaced.model");
}

}  // namespace aha::test
