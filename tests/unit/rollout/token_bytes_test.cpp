// What tokens write, at the beginning and further on, for tokenizers of every kind.
#include "rollout/token_bytes.h"

#include <gtest/gtest.h>

#include "aha/core/random.h"
#include "support/letter_tokenizer.h"
#include "support/trained_tokenizer.h"

namespace aha::rollout::token_bytes_test {
namespace {

// The bytes of random tokens, one after another, are the decoded text.
void expect_decoded(const data::Tokenizer& tokenizer) {
  const TokenTexts texts = read_token_texts(tokenizer, tokenizer.vocab_size(), tokenizer.eos_ids());
  for (uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed, "tokens");
    std::vector<int32_t> ids;
    std::string text;
    while (ids.size() < 12) {
      const auto id = static_cast<int32_t>(random.below(static_cast<uint64_t>(tokenizer.vocab_size())));
      const std::string_view bytes = (ids.empty() ? texts.first : texts.later).of(id);
      if (bytes.empty()) continue;
      ids.push_back(id);
      text += bytes;
    }
    ASSERT_EQ(text, tokenizer.decode(ids));
  }
}

TEST(TokenBytes, AddUpToTheText) {
  expect_decoded(*data::make_byte_tokenizer());
  expect_decoded(*test::trained_tokenizer("bpe", 350));
  expect_decoded(*test::trained_tokenizer("unigram", 400));
  expect_decoded(test::LetterTokenizer(26, 25));
}

TEST(TokenBytes, SpecialEndingAndForeignTokensWriteNothing) {
  const auto tokenizer = data::make_byte_tokenizer();
  const TokenTexts texts = read_token_texts(*tokenizer, 400, {65, 258});
  ASSERT_EQ(texts.later.size(), 400);
  EXPECT_EQ(texts.later.of(66), "B");
  EXPECT_EQ(texts.later.of(0xFF), "\xFF");
  EXPECT_EQ(texts.later.of(0), std::string_view("\0", 1));
  for (const int32_t id : {65, 256, 258, 259, 319, 320, 399}) EXPECT_EQ(texts.later.of(id), "") << id;
  EXPECT_EQ(texts.later.texts().size(), 255);
  EXPECT_EQ(texts.first, texts.later);
}

TEST(TokenBytes, ASpaceThatIsDroppedAtTheBeginningIsThereLater) {
  const auto tokenizer = test::spaced_tokenizer();
  const TokenTexts texts = read_token_texts(*tokenizer, tokenizer->vocab_size(), tokenizer->eos_ids());
  const auto ids = tokenizer->encode("maybe yes");  // the words with their marks
  ASSERT_EQ(ids.size(), 2);
  EXPECT_EQ(texts.first.of(ids[0]), "maybe");
  EXPECT_EQ(texts.later.of(ids[0]), " maybe");
  EXPECT_EQ(texts.later.of(ids[1]), " yes");
  EXPECT_EQ(texts.first.of(3 + 256), "");  // the mark alone
  EXPECT_EQ(texts.later.of(3 + 256), " ");
  EXPECT_EQ(texts.first.of(3 + ' '), " ");
  expect_decoded(*tokenizer);
}

TEST(ByteTrie, WalksOnlyWhereTheRuleAllows) {
  const ByteTrie trie({{"ab", 1}, {"a", 2}, {"abc", 3}, {"b", 4}, {"\xFFz", 5}, {"ab", 6}, {"", 7}});
  const auto found = [&](std::string_view forbidden) {
    std::string seen;
    trie.walk(
        std::string(),
        [&](std::string& state, uint8_t byte) {
          state += static_cast<char>(byte);
          return forbidden.find(static_cast<char>(byte)) == std::string_view::npos;
        },
        [&](const std::string& state, std::span<const int32_t> tokens) {
          seen += "[" + state;
          for (const int32_t token : tokens) seen += ' ' + std::to_string(token);
          seen += ']';
        });
    return seen;
  };
  EXPECT_EQ(found(""), "[ 7][a 2][ab 1 6][abc 3][b 4][\xFFz 5]");
  EXPECT_EQ(found("b"), "[ 7][a 2][\xFFz 5]");
  EXPECT_EQ(found("c"), "[ 7][a 2][ab 1 6][b 4][\xFFz 5]");
  EXPECT_EQ(found("a\xFF"), "[ 7][b 4]");
}

TEST(ByteTrie, FindsEveryTextAmongMany) {
  Random random(1, "texts");
  std::vector<std::string> texts;
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (uint64_t length = 1 + random.below(6); text.size() < length;) text += static_cast<char>(random.below(4) * 80);
    texts.push_back(text);
  }
  std::vector<TokenText> tokens;
  for (const std::string& text : texts) tokens.push_back({text, static_cast<int32_t>(tokens.size())});
  size_t count = 0;
  ByteTrie(tokens).walk(
      std::string(), [](std::string& state, uint8_t byte) { return state += static_cast<char>(byte), true; },
      [&](const std::string& state, std::span<const int32_t> found) {
        for (const int32_t token : found) EXPECT_EQ(texts[token], state);
        count += found.size();
      });
  EXPECT_EQ(count, texts.size());
}

}  // namespace
}  // namespace aha::rollout::token_bytes_test
