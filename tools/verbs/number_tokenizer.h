// Text for models without a tokenizer: the ids in decimal, so that rewards have something to judge.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "aha/data/tokenizer.h"

namespace aha::tools {

/// Token 12 reads "12 ". No specials: what ends a completion is the model's to say.
class NumberTokenizer final : public data::Tokenizer {
 public:
  explicit NumberTokenizer(int64_t vocab_size) : vocab_size_(vocab_size) {}
  std::vector<int32_t> encode(std::string_view text) const override;
  data::EncodedText encode_with_offsets(std::string_view text) const override;
  std::string decode(const std::vector<int32_t>& token_ids, bool skip_special = false) const override;
  int64_t vocab_size() const override { return vocab_size_; }
  std::vector<int32_t> eos_ids() const override { return {}; }
  int32_t bos_id() const override { return -1; }
  int32_t pad_id() const override { return 0; }
  std::string kind() const override { return "numbers"; }
  std::shared_ptr<const data::ChatTemplate> chat_template() const override { return nullptr; }
  void save(const std::filesystem::path&) const override {}  // nothing but a number to keep

 private:
  int64_t vocab_size_;
};

}  // namespace aha::tools
