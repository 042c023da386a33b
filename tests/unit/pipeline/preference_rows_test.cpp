// Rows of preferences as sequences, and which of them are held out or learned from.
#include "pipeline/preference_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "unit/core/temporary_folder.h"

namespace aha::pipeline::preference_rows_test {
namespace {

StageHead head(const std::string& name) { return {.name = name, .kind = "dpo", .seed = 3}; }

std::set<int64_t> as_set(const std::vector<int64_t>& rows) { return {rows.begin(), rows.end()}; }

TEST(RowOrder, VisitsEveryRowOnceAnEpochAndNoneThatIsHeldOut) {
  PreferenceConfig config;
  config.holdout = 0.25;
  config.batch_size = 3;
  config.epochs = 2;
  const RowOrder order(10, config, head("a"));
  ASSERT_EQ(order.held_out().size(), 3);  // a quarter, rounded up
  EXPECT_EQ(order.num_steps(), 6);        // 7 rows in steps of 3, 3 and 1, twice
  std::vector<std::vector<int64_t>> epochs(2);
  for (int64_t step = 0; step < 6; ++step) {
    const std::vector<int64_t> batch = order.batch(step);
    EXPECT_EQ(batch.size(), step % 3 == 2 ? 1 : 3);
    auto& epoch = epochs[static_cast<size_t>(step / 3)];
    epoch.insert(epoch.end(), batch.begin(), batch.end());
  }
  for (const auto& epoch : epochs) {
    std::set<int64_t> all = as_set(epoch);
    EXPECT_EQ(all.size(), 7);
    all.merge(as_set(order.held_out()));
    EXPECT_EQ(all.size(), 10);
  }
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_EQ(RowOrder(10, config, head("a")).batch(4), order.batch(4));
  EXPECT_NE(RowOrder(10, config, head("b")).held_out(), order.held_out());
}

TEST(RowOrder, HoldsOutACountAndStopsAtMaxSteps) {
  PreferenceConfig config;
  config.holdout = 4;
  config.max_steps = 5;
  EXPECT_EQ(RowOrder(10, config, head("a")).held_out().size(), 4);
  EXPECT_EQ(RowOrder(10, config, head("a")).num_steps(), 5);
  config.holdout = 0;
  EXPECT_TRUE(RowOrder(10, config, head("a")).held_out().empty());
  config.holdout = 10;
  EXPECT_EQ(test::sentence_of<ConfigError>([&] { RowOrder(10, config, head("a")); }),
            "stages.a.holdout: takes all 10 rows, so that none is left to learn from; lower it");
}

class PreferenceSequences : public testing::Test {
 protected:
  std::vector<data::PreferencePair> pairs(const std::string& rows, int64_t max_length = 0) {
    log::set_level(log::Level::kError);
    std::ofstream(folder_ / "rows.jsonl") << rows;
    PreferenceConfig config;
    config.data = {{.path = (folder_ / "rows.jsonl").string()}};
    config.max_length = max_length;
    return load_pairs(config, *tokenizer_, /*context_length=*/100);
  }
  std::string learned(const data::TrainingSequence& sequence) const {
    std::vector<int32_t> ids;
    for (size_t t = 0; t < sequence.token_ids.size(); ++t) {
      if (sequence.weights[t] == 1) ids.push_back(sequence.token_ids[t]);
    }
    return tokenizer_->decode(ids);
  }
  std::shared_ptr<const data::Tokenizer> tokenizer_ = data::make_byte_tokenizer();
  test::TemporaryFolder folder_;
};

TEST_F(PreferenceSequences, OfStringsEndWithTheEndToken) {
  const auto pair = pairs(R"({"prompt": "1+1", "chosen": "2", "rejected": "eleven"})").at(0);
  EXPECT_EQ(tokenizer_->decode(pair.chosen.token_ids), "1+1\n2<eos>");
  EXPECT_EQ(learned(pair.chosen), "2<eos>");
  EXPECT_EQ(learned(pair.rejected), "eleven<eos>");
}

TEST_F(PreferenceSequences, OfChatsLeaveEarlierAnswersOut) {
  const std::string prompt = R"([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, )"
                             R"({"role": "user", "content": "c"}])";
  const auto answer = [](const char* text) {
    return R"([{"role": "assistant", "content": ")" + std::string(text) + "\"}]";
  };
  const auto pair =
      pairs("{\"prompt\": " + prompt + ", \"chosen\": " + answer("d") + ", \"rejected\": " + answer("e") + "}").at(0);
  EXPECT_EQ(learned(pair.chosen), "d<eos>");
  EXPECT_EQ(learned(pair.rejected), "e<eos>");
}

TEST_F(PreferenceSequences, ThatAreLongerAreLeftOut) {
  const std::string short_row = R"({"prompt": "p", "chosen": "c", "rejected": "r"})";
  const std::string long_row = R"({"prompt": "p", "chosen": "c", "rejected": ")" + std::string(98, 'r') + "\"}";
  EXPECT_EQ(pairs(short_row + "\n" + long_row).size(), 1);        // the context's 100 tokens
  EXPECT_EQ(pairs(short_row + "\n" + long_row, 1000).size(), 1);  // no more than the context
  EXPECT_EQ(pairs(short_row, 4).size(), 1);
  EXPECT_THROW(pairs(short_row, 3), InputError);
}

}  // namespace
}  // namespace aha::pipeline::preference_rows_test
