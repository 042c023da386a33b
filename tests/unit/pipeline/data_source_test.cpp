// Rows and documents as sequences: what is learned, what is only read; how sources are mixed and gone through.
#include "pipeline/data_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "aha/data/jsonl.h"
#include "pipeline/epoch_batches.h"
#include "pipeline/mixture.h"
#include "unit/core/temporary_folder.h"

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
  const auto sequence = sequence_of_example(row, "row", *kTokenizer, {.template_name = "plain"});
  EXPECT_EQ(sequence.token_ids, (std::vector<int32_t>{'a', '\n', 'b', kTokenizer->eos_ids().front()}));
  EXPECT_EQ(sequence.weights, (Weights{0, 0, 1, 1}));
}

TEST(DataSource, TextIsLearnedWholeAndChatWhereTheAssistantSpeaks) {
  data::Example text;
  text.text = "ab";
  EXPECT_EQ(sequence_of_example(text, "row", *kTokenizer, {}).weights, (Weights{0, 1, 1}));
  data::Example chat;
  chat.messages = {{"user", "a"}, {"assistant", "b"}};
  const auto sequence = sequence_of_example(chat, "row", *kTokenizer, {});
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
  EXPECT_EQ(sequence_of_example(text, "row", tokenizer, {}).token_ids, (std::vector<int32_t>{bos, 'a', 'b', eos}));
  EXPECT_EQ(sequence_of_example(text, "row", tokenizer, {}).weights, (Weights{0, 1, 1, 1}));
  row.prompt = "a";
  row.completion = "b";
  EXPECT_EQ(sequence_of_example(row, "row", tokenizer, {}).token_ids, (std::vector<int32_t>{bos, 'a', '\n', 'b', eos}));
  // A chat format writes its beginning itself.
  chat.messages = {{"user", "a"}, {"assistant", "b"}};
  EXPECT_EQ(sequence_of_example(chat, "row", tokenizer, {}).token_ids,
            sequence_of_example(chat, "row", *kTokenizer, {}).token_ids);
}

// What of a chat is learned, as text.
std::string learned(const data::Example& row, const SequenceOptions& options) {
  const auto sequence = sequence_of_example(row, "row", *kTokenizer, options);
  std::vector<int32_t> ids;
  for (size_t t = 0; t < sequence.token_ids.size(); ++t) {
    if (sequence.weights[t] > 0) ids.push_back(sequence.token_ids[t]);
  }
  return kTokenizer->decode(ids, /*skip_special=*/false);
}

TEST(DataSource, OptionsSayWhatOfAChatIsLearned) {
  const nlohmann::ordered_json a = {{"role", "user"}, {"content", "a"}}, b = {{"role", "assistant"}, {"content", "b"}},
                               c = {{"role", "user"}, {"content", "c"}}, d = {{"role", "assistant"}, {"content", "d"}};
  const data::Example messages = data::example_from_row({{"messages", {a, b, c, d}}}, "row");
  EXPECT_EQ(learned(messages, {}), "b<eos>d<eos>");
  // All but the very first token, which nothing stands before.
  EXPECT_EQ(learned(messages, {.assistant_only_loss = false}), "a<|assistant|>b<eos><|user|>c<|assistant|>d<eos>");

  const data::Example row = data::example_from_row({{"prompt", {a, b, c}}, {"completion", {d}}}, "row");
  EXPECT_EQ(learned(row, {}), "d<eos>");
  EXPECT_EQ(learned(row, {.assistant_only_loss = false}), "d<eos>");
  EXPECT_EQ(learned(row, {.completion_only_loss = false}), "b<eos>d<eos>");
  EXPECT_EQ(learned(row, {.completion_only_loss = false, .assistant_only_loss = false}),
            "a<|assistant|>b<eos><|user|>c<|assistant|>d<eos>");

  // Of several turns of a completion the user's are learned too, if all are.
  const data::Example turns = data::example_from_row({{"prompt", {a}}, {"completion", {b, c, d}}}, "row");
  EXPECT_EQ(learned(turns, {}), "b<eos>d<eos>");
  EXPECT_EQ(learned(turns, {.assistant_only_loss = false}), "b<eos><|user|>c<|assistant|>d<eos>");
}

std::vector<data::Example> rows_of(const std::vector<std::string>& texts) {
  std::vector<data::Example> rows(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) rows[i].text = texts[i];
  return rows;
}

TEST(DataSource, LongRowsAreRefusedCutOrDropped) {
  log::set_level(log::Level::kError);
  std::vector<data::Example> rows = rows_of({"ab", "abcdef"});  // 3 and 7 tokens
  const auto open = [&](const std::string& mode, int64_t max_length) {
    return make_rows_source(rows, "d.jsonl", *kTokenizer, {.max_length = max_length, .truncation_mode = mode});
  };
  EXPECT_EQ(open("refuse", 7)->size(), 2);
  EXPECT_EQ(open("refuse", 0)->size(), 2);
  EXPECT_THAT(aha::test::sentence_of<InputError>([&] { open("refuse", 6); }),
              testing::AllOf(testing::HasSubstr("d.jsonl: row 2"), testing::HasSubstr("7 tokens long, 6 are allowed")));
  EXPECT_EQ(open("drop", 6)->size(), 1);
  const auto cut = open("keep_start", 4)->sequence(1);
  EXPECT_EQ(cut.token_ids, (std::vector<int32_t>{'a', 'b', 'c', 'd'}));
  EXPECT_EQ(cut.weights, (Weights{0, 1, 1, 1}));
  EXPECT_THROW(open("drop", 2), InputError);  // nothing is left

  rows[1] = {};
  rows[1].prompt = "abcdef";
  rows[1].completion = "g";
  EXPECT_EQ(open("keep_start", 4)->size(), 1);  // of the second its prompt alone would be left
  rows[1].completion.clear();
  EXPECT_THAT(aha::test::sentence_of<InputError>([&] { open("keep_start", 4); }), testing::HasSubstr("row 2"));

  EXPECT_EQ(within_context({}, 128).max_length, 128);
  EXPECT_EQ(within_context({.max_length = 64}, 128).max_length, 64);
  EXPECT_THROW(within_context({.max_length = 129}, 128), ConfigError);
}

// Sequences of two tokens: the source's number and the row's.
WeightedSource numbered(int32_t source, int64_t size, double weight) {
  class Numbered final : public DataSource {
   public:
    Numbered(int32_t source, int64_t size) : source_(source), size_(size) {}
    int64_t size() const override { return size_; }
    data::TrainingSequence sequence(uint64_t index) const override {
      return {.token_ids = {source_, static_cast<int32_t>(index)}, .weights = {0, 1}};
    }

   private:
    int32_t source_;
    int64_t size_;
  };
  return {std::make_unique<Numbered>(source, size), weight};
}

std::vector<WeightedSource> three_sources() {
  std::vector<WeightedSource> sources;
  sources.push_back(numbered(0, 10, 1.0));
  sources.push_back(numbered(1, 4, 2.5));
  sources.push_back(numbered(2, 8, 0.5));
  return sources;
}

TEST(EpochBatches, VisitRowsAsOftenAsTheirWeightSays) {
  const EpochBatches batches(three_sources(), {.seed = 7, .purpose = "x", .epochs = 2, .tokens_per_step = 6});
  // 10 + 10 + 4 rows of two tokens an epoch, three a batch.
  ASSERT_EQ(batches.size(), 16);
  std::map<std::vector<int32_t>, int64_t> visits;
  for (int64_t step = 0; step < 8; ++step) {
    EXPECT_EQ(std::ssize(batches.batch(step)), 3);
    for (const auto& sequence : batches.batch(step)) ++visits[sequence.token_ids];
  }
  std::map<int32_t, int64_t> of_source, rows_of_source;
  for (const auto& [row, count] : visits) {
    of_source[row[0]] += count;
    ++rows_of_source[row[0]];
    EXPECT_GE(count, row[0] == 1 ? 2 : 1);
    EXPECT_LE(count, row[0] == 1 ? 3 : 1);
  }
  EXPECT_EQ(of_source, (std::map<int32_t, int64_t>{{0, 10}, {1, 10}, {2, 4}}));
  EXPECT_EQ(rows_of_source, (std::map<int32_t, int64_t>{{0, 10}, {1, 4}, {2, 4}}));
  EXPECT_EQ(batches.batch(16)[0].token_ids, batches.batch(0)[0].token_ids);  // round again
}

TEST(Mixture, DrawsByWeightAndGoesOnFromItsCursor) {
  Mixture mixture(three_sources(), 7, "mixture/x");
  std::map<int32_t, int64_t> drawn;
  std::map<int32_t, std::vector<int32_t>> rows;
  for (int i = 0; i < 4000; ++i) {
    const auto sequence = mixture.next();
    ++drawn[sequence.token_ids[0]];
    rows[sequence.token_ids[0]].push_back(sequence.token_ids[1]);
  }
  // Shares 1/4, 5/8, 1/8; four standard deviations are at most 0.031.
  EXPECT_NEAR(static_cast<double>(drawn[0]) / 4000, 0.25, 0.03);
  EXPECT_NEAR(static_cast<double>(drawn[1]) / 4000, 0.625, 0.031);
  EXPECT_NEAR(static_cast<double>(drawn[2]) / 4000, 0.125, 0.021);
  std::vector<int32_t> first_pass(rows[0].begin(), rows[0].begin() + 10);
  std::sort(first_pass.begin(), first_pass.end());
  for (int32_t i = 0; i < 10; ++i) EXPECT_EQ(first_pass[static_cast<size_t>(i)], i);  // each once before any twice

  Mixture again(three_sources(), 7, "mixture/x");
  again.set_cursor(mixture.cursor());
  for (int i = 0; i < 50; ++i) EXPECT_EQ(again.next().token_ids, mixture.next().token_ids);
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
