// Rows and documents as sequences: what is learned, what is only read.
#include "pipeline/data_source.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace aha::pipeline::data_source_test {
namespace {

using Weights = std::vector<float>;

const std::shared_ptr<const data::Tokenizer> kTokenizer = data::make_byte_tokenizer();

TEST(DataSource, TheLossFallsOnTheCompletionAndItsEnd) {
  const auto sequence = sequence_of_document({"ab\n", "cd"}, *kTokenizer, /*completion_only_loss=*/true);
  EXPECT_EQ(sequence.token_ids, (std::vector<int32_t>{'a', 'b', '\n', 'c', 'd', kTokenizer->eos_ids().front()}));
  EXPECT_EQ(sequence.weights, (Weights{0, 0, 0, 1, 1, 1}));
  const auto whole = sequence_of_document({"ab\n", "cd"}, *kTokenizer, /*completion_only_loss=*/false);
  EXPECT_EQ(whole.weights, (Weights{0, 1, 1, 1, 1, 1}));
}

TEST(DataSource, APromptRowGoesThroughTheTemplate) {
  data::Example row;
  row.prompt = "a";
  row.completion = "b";
  const auto sequence = sequence_of_example(row, *kTokenizer, {.template_name = "plain"});
  EXPECT_EQ(sequence.token_ids, (std::vector<int32_t>{'a', '\n', 'b', kTokenizer->eos_ids().front()}));
  EXPECT_EQ(sequence.weights, (Weights{0, 0, 1, 1}));
}

TEST(DataSource, TextIsLearnedWholeAndChatWhereTheAssistantSpeaks) {
  data::Example text;
  text.text = "ab";
  EXPECT_EQ(sequence_of_example(text, *kTokenizer, {}).weights, (Weights{0, 1, 1}));
  data::Example chat;
  chat.messages = {{"user", "a"}, {"assistant", "b"}};
  const auto sequence = sequence_of_example(chat, *kTokenizer, {});
  EXPECT_EQ(std::count(sequence.weights.begin(), sequence.weights.end(), 1.0f), 2);  // b and its end token
}

// The byte tokenizer, but texts start with <bos>.
class PrefixTokenizer final : public data::Tokenizer {
 public:
  std::vector<int32_t> encode(std::string_view text) const override { return kTokenizer->encode(text); }
  data::EncodedText encode_with_offsets(std::string_view text) const override {
    return kTokenizer->encode_with_offsets(text);
  }
  std::string decode(const std::vector<int32_t>& ids, bool skip_special) const override {
    return kTokenizer->decode(ids, skip_special);
  }
  int64_t vocab_size() const override { return kTokenizer->vocab_size(); }
  std::vector<int32_t> eos_ids() const override { return kTokenizer->eos_ids(); }
  int32_t bos_id() const override { return kTokenizer->bos_id(); }
  int32_t pad_id() const override { return kTokenizer->pad_id(); }
  std::vector<int32_t> prefix_ids() const override { return {kTokenizer->bos_id()}; }
  std::string kind() const override { return "byte"; }
  std::shared_ptr<const data::ChatTemplate> chat_template() const override { return kTokenizer->chat_template(); }
  void save(const std::filesystem::path&) const override {}
};

TEST(DataSource, TextsStartWithTheTokenizersPrefix) {
  const PrefixTokenizer tokenizer;
  const int32_t bos = tokenizer.bos_id(), eos = tokenizer.eos_ids().front();
  const auto document = sequence_of_document({"a", "b"}, tokenizer, /*completion_only_loss=*/true);
  EXPECT_EQ(document.token_ids, (std::vector<int32_t>{bos, 'a', 'b', eos}));
  EXPECT_EQ(document.weights, (Weights{0, 0, 1, 1}));
  data::Example text, row, chat;
  text.text = "ab";
  EXPECT_EQ(sequence_of_example(text, tokenizer, {}).token_ids, (std::vector<int32_t>{bos, 'a', 'b', eos}));
  EXPECT_EQ(sequence_of_example(text, tokenizer, {}).weights, (Weights{0, 1, 1, 1}));
  row.prompt = "a";
  row.completion = "b";
  EXPECT_EQ(sequence_of_example(row, tokenizer, {}).token_ids, (std::vector<int32_t>{bos, 'a', '\n', 'b', eos}));
  // A chat format writes its beginning itself.
  chat.messages = {{"user", "a"}, {"assistant", "b"}};
  EXPECT_EQ(sequence_of_example(chat, tokenizer, {}).token_ids, sequence_of_example(chat, *kTokenizer, {}).token_ids);
}

TEST(DataSource, PermutationsAreCountedAndWhole) {
  const auto first = permutation(7, "x", 0, 100);
  EXPECT_EQ(first, permutation(7, "x", 0, 100));
  EXPECT_NE(first, permutation(7, "x", 1, 100));
  EXPECT_NE(first, permutation(8, "x", 0, 100));
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(sorted[i], i);
}

}  // namespace
}  // namespace aha::pipeline::data_source_test
