// Tokenizers trained on a small corpus: the same bytes twice, read back, and every text given back.
#include "aha/data/tokenizer_training.h"

#include <gtest/gtest.h>

#include <functional>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/tokenizer.h"
#include "data/training/special_tokens.h"

namespace aha::data::tokenizer_training_test {
namespace {

namespace fs = std::filesystem;

template <class Error = Error>
std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

// Sentences of two languages with numbers, special tokens written out, and code.
std::string corpus_text() {
  const char* subjects[] = {"The quick brown fox", "A tokenizer", "Every reader", "我们的模型", "Somebody"};
  const char* verbs[] = {" jumps over", " reads", " counts", "学习", " writes down"};
  const char* objects[] = {" the lazy dog.", " 1234 tokens!", " <think>nothing</think> at all;", "很多东西。",
                           " for (int i = 0; i < 10; ++i) {\n    sum += i;\n}"};
  std::string text;
  for (int i = 0; i < 125; ++i) {
    text += std::string(subjects[i % 5]) + verbs[i / 5 % 5] + objects[i / 25] + "<eos>\n";
  }
  return text + text;
}

class TokenizerTrainingTest : public testing::TestWithParam<const char*> {
 protected:
  TokenizerTrainingTest() : folder_(fs::path(testing::TempDir()) / ("aha_training_" + std::string(GetParam()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "out");
    write_file_atomic(corpus(), corpus_text());
  }
  fs::path corpus() const { return folder_ / "corpus.txt"; }
  TokenizerTraining training(int64_t vocab_size = 350) const {
    TokenizerTraining training;
    training.kind = GetParam();
    training.vocab_size = vocab_size;
    return training;
  }
  fs::path folder_;
};

TEST_P(TokenizerTrainingTest, GivesEveryTextBack) {
  train_tokenizer({corpus()}, training(), folder_ / "out");
  const auto tokenizer = load_tokenizer(folder_ / "out");
  EXPECT_EQ(tokenizer->kind(), GetParam());
  EXPECT_EQ(tokenizer->vocab_size(), 350);
  for (const std::string text : {"The quick brown fox jumps", " two  spaces   and more    ", "tabs\tand\r\nlines\n\n",
                                 "我们的 🙂 é é ﷺ", "", " ", "<think>1 + 1 = 2</think><answer>2</answer><eos>",
                                 "<|user|>ab <thin", "\x01\x7F~", "0123456789"}) {
    const auto ids = tokenizer->encode(text);
    EXPECT_EQ(tokenizer->decode(ids), text);
    EXPECT_EQ(tokenizer->encode_with_offsets(text).token_ids, ids);
  }
  // Learned, not spelled: half as many tokens as bytes at the most.
  const std::string text = "A tokenizer counts the lazy dog. Every reader reads";
  EXPECT_LT(tokenizer->encode(text).size(), text.size() / 2);
}

TEST_P(TokenizerTrainingTest, NumbersSpecialTokensFirstAndKeepsThemWhole) {
  train_tokenizer({corpus()}, training(), folder_ / "out");
  const auto tokenizer = load_tokenizer(folder_ / "out");
  const TokenizerTraining defaults;
  for (size_t id = 0; id < defaults.special_tokens.size(); ++id) {
    EXPECT_EQ(tokenizer->encode(defaults.special_tokens[id]), std::vector<int32_t>{static_cast<int32_t>(id)});
  }
  EXPECT_EQ(tokenizer->pad_id(), 0);
  EXPECT_EQ(tokenizer->bos_id(), 1);
  EXPECT_EQ(tokenizer->eos_ids(), std::vector<int32_t>{2});
  EXPECT_EQ(tokenizer->prefix_ids(), std::vector<int32_t>{});
  for (int32_t id = 10; id < 350; ++id) {
    EXPECT_EQ(tokenizer->decode({id}).find("<think>"), std::string::npos) << id;
  }
  const auto digits = tokenizer->encode("1234");
  EXPECT_EQ(digits.size(), 4u);
}

TEST_P(TokenizerTrainingTest, WritesChatsAsTheByteTokenizerDoes) {
  train_tokenizer({corpus()}, training(), folder_ / "out");
  const auto tokenizer = load_tokenizer(folder_ / "out");
  ASSERT_NE(tokenizer->chat_template(), nullptr);
  EXPECT_EQ(tokenizer->chat_template()->name(), "aha");
  const RenderedChat chat = tokenizer->render_chat({{"user", "1 + 1"}, {"assistant", "2"}}, false);
  EXPECT_EQ(chat.text, "<|user|>1 + 1<|assistant|>2<eos>");
  EXPECT_EQ(chat.token_ids.front(), 8);
  EXPECT_EQ(chat.token_ids.back(), 2);
  EXPECT_EQ(chat.assistant_mask.back(), 1);
  EXPECT_EQ(chat.assistant_mask.front(), 0);
}

TEST_P(TokenizerTrainingTest, TheSameCorpusGivesTheSameBytes) {
  fs::create_directories(folder_ / "again");
  train_tokenizer({corpus()}, training(), folder_ / "out");
  train_tokenizer({corpus()}, training(), folder_ / "again");
  EXPECT_EQ(hash_folder(folder_ / "out"), hash_folder(folder_ / "again"));
}

TEST_P(TokenizerTrainingTest, ReadsRowsOfText) {
  std::string rows;
  for (int i = 0; i < 50; ++i)
    rows += R"({"text": "row )" + std::to_string(i % 7) +
            R"( of the rows of text, with more words in every row to learn from\n"})"
            "\n";
  write_file_atomic(folder_ / "rows.jsonl", rows);
  train_tokenizer({folder_ / "rows.jsonl"}, training(300), folder_ / "out");
  EXPECT_LE(load_tokenizer(folder_ / "out")->encode("rows of text").size(), 8u);
  write_file_atomic(folder_ / "rows.jsonl", rows + R"({"prompt": "x"})");
  EXPECT_EQ(message_of([&] { train_tokenizer({folder_ / "rows.jsonl"}, training(300), folder_ / "out"); }),
            (folder_ / "rows.jsonl").string() + ":51: has no `text`; a corpus needs one in every row");
}

TEST_P(TokenizerTrainingTest, SaysWhatIsWrongWithACorpus) {
  const auto said = [&](const std::string& text, int64_t vocab_size) {
    write_file_atomic(corpus(), text);
    return message_of([&] { train_tokenizer({corpus()}, training(vocab_size), folder_ / "out"); });
  };
  const std::string place = corpus().string();
  EXPECT_EQ(said("a\xFFz\n", 400), place + ":1: is not UTF-8 at byte 2; save the file as UTF-8");
  EXPECT_TRUE(said("ab\nab\n", 400).starts_with(place + ": is too small: it gives 2")) << said("ab\nab\n", 400);
  EXPECT_TRUE(said("", 400).starts_with(place + ": is too small: it gives 26")) << said("", 400);
  EXPECT_TRUE(said(corpus_text(), 200).starts_with("vocab_size: special tokens and bytes alone take 26"));
  EXPECT_EQ(said("", 2'000'000), "vocab_size: is over 1,000,000; ask for fewer tokens");
  EXPECT_EQ(message_of([&] { train_tokenizer({folder_ / "none.txt"}, training(), folder_ / "out"); }),
            (folder_ / "none.txt").string() + ": cannot be read; a corpus is a text file or a file of JSON lines");
  EXPECT_EQ(message_of([&] { train_tokenizer({}, training(), folder_ / "out"); }),
            "corpus: names no file; give text files or .jsonl files with `text`");
}

INSTANTIATE_TEST_SUITE_P(Kinds, TokenizerTrainingTest, testing::Values("bpe", "unigram"));

TEST(TokenizerTraining, RefusesOtherKinds) {
  TokenizerTraining training;
  training.kind = "word";
  EXPECT_EQ(message_of([&] { train_tokenizer({"x"}, training, "y"); }),
            "kind: `word` is not known; use bpe or unigram");
}

TEST(SpecialTokens, AreCheckedAndCutTexts) {
  const auto said = [](std::vector<std::string> texts) { return message_of([&] { SpecialTokens(std::move(texts)); }); };
  EXPECT_EQ(said({"<eos>", ""}), "special_tokens: `` is empty or no text");
  EXPECT_EQ(said({"<eos>", "\xFF"}), "special_tokens: `\\xff` is empty or no text");
  EXPECT_EQ(said({"<eos>", "<eos>"}), "special_tokens: `<eos>` is there twice");
  EXPECT_EQ(said({"<bos>"}), "special_tokens: lack <eos>, which ends every text");
  std::vector<std::string> parts;
  SpecialTokens({"<eos>", "<e>", "<e>x"}).between("a<e>x<eos>b<eo<e>", [&](std::string_view part) {
    parts.emplace_back(part);
  });
  EXPECT_EQ(parts, (std::vector<std::string>{"a", "b<eo"}));
}

}  // namespace
}  // namespace aha::data::tokenizer_training_test
