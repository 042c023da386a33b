// Text to ids and back, with the special tokens of the R1 format.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/data/example.h"

namespace aha::data {

/// A chat as the model sees it. assistant_mask_T is 1 on the tokens an assistant message wrote, its end token included.
struct RenderedChat {
  std::string text;
  std::vector<int32_t> token_ids;
  std::vector<int32_t> assistant_mask;
};

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// Special tokens written out in the text (<think>) become their ids, as in `tokenizers`; no BOS is added.
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;
  /// @param skip_special drops special tokens; otherwise they appear as text
  /// Bytes that are no UTF-8 come out as they are. @throws InputError for an id outside the vocabulary
  virtual std::string decode(const std::vector<int32_t>& token_ids, bool skip_special = false) const = 0;
  virtual int64_t vocab_size() const = 0;
  virtual std::vector<int32_t> eos_ids() const = 0;
  virtual int32_t bos_id() const = 0;  // -1 if none
  virtual int32_t pad_id() const = 0;
  /// <|user|>…<|assistant|>… with an end token after each assistant message.
  virtual RenderedChat render_chat(const std::vector<Message>& messages, bool add_generation_prompt) const = 0;
  /// Writes tokenizer.json, tokenizer_config.json (with chat_template) and special_tokens_map.json.
  virtual void save(const std::filesystem::path& folder) const = 0;
};

/// `tokenizer:` of a recipe.
struct TokenizerConfig {
  std::string kind = "byte";  // byte | sentencepiece | huggingface
  std::string path;           // of a folder or file, for the latter two

  template <class Fields>
  void visit(Fields& field) {
    field("kind", kind, "how text becomes ids", one_of({"byte", "sentencepiece", "huggingface"}));
    field("path", path, "tokenizer folder or file, for the kinds that need one");
  }
};
/// @throws ConfigError for a kind that is not built yet or a path that is not there
std::shared_ptr<const Tokenizer> make_tokenizer(const TokenizerConfig& config);

/// 256 bytes, then <pad> <bos> <eos> <think> </think> <answer> </answer> <|system|> <|user|> <|assistant|>, then
/// reserved tokens up to 320.
std::shared_ptr<const Tokenizer> make_byte_tokenizer();

/// Tokenizer of a model folder. @throws InputError if it has none that we read
std::shared_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& folder);

}  // namespace aha::data
