// Rows and documents as sequences: what is learned, what is only read.
#include "pipeline/data_source.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace aha::pipeline {
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
}  // namespace aha::pipeline
