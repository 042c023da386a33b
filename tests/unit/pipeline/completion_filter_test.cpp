// Each rule of the filter drops what it should and names itself.
#include "pipeline/completion_filter.h"

#include <gtest/gtest.h>

namespace aha::pipeline::completion_filter_test {
namespace {

using Reasons = std::vector<std::string>;

struct Sample {
  std::string text;
  std::optional<double> reward = 1.0;
  data::FinishReason finish = data::FinishReason::kStop;
};

Reasons reasons_of(const KeepConfig& config, const std::vector<Sample>& samples) {
  const auto tokenizer = data::make_byte_tokenizer();
  data::CompletionBatch batch;
  reward::BatchScores scores;
  scores.names = {"accuracy"};
  scores.values = {{}};
  data::Prompt prompt;
  prompt.example.columns = {{"language", "en"}};
  batch.prompts.push_back(prompt);
  for (const Sample& sample : samples) {
    data::Completion completion;
    completion.text = sample.text;
    completion.token_ids = tokenizer->encode(sample.text);
    if (sample.finish == data::FinishReason::kStop) completion.token_ids.push_back(tokenizer->eos_ids().front());
    completion.finish_reason = sample.finish;
    batch.completions.push_back(completion);
    scores.values[0].push_back(sample.reward);
  }
  return CompletionFilter(config, tokenizer).reasons(batch, scores);
}

const std::string kGood = "<think>one</think><answer>1</answer>";

TEST(CompletionFilter, KeepsWhatIsRightAndDropsWhatIsNot) {
  EXPECT_EQ(reasons_of({}, {{kGood}, {"x", 0.0}, {"y", std::nullopt}, {"z", 1.0, data::FinishReason::kLength}, {""}}),
            (Reasons{"", "reward", "not_judged", "truncated", "empty"}));
}

TEST(CompletionFilter, FormatLengthAndCopies) {
  KeepConfig config;
  config.well_formed = true;
  config.min_length = 10;
  config.max_length = 30;
  EXPECT_EQ(reasons_of(config, {{kGood},
                                {kGood},
                                {"<answer>1</answer>"},
                                {"<think></think><answer>1</answer>"},
                                {"<think>0123456789012345678901234567890123</think><answer>1</answer>"}}),
            (Reasons{"length", "length", "format", "length", "length"}));
  config.min_length = 0;
  EXPECT_EQ(reasons_of(config, {{kGood}, {kGood}}), (Reasons{"", "duplicate"}));
}

TEST(CompletionFilter, AtMostSoManyOfAPrompt) {
  KeepConfig config;
  config.max_per_prompt = 2;
  EXPECT_EQ(reasons_of(config, {{"a"}, {"b", 0.0}, {"c"}, {"d"}}), (Reasons{"", "reward", "", "max_per_prompt"}));
}

TEST(CompletionFilter, MixedLanguagesAndRepetition) {
  KeepConfig config;
  config.language_consistency = 0.95;
  config.max_repetition = 0.2;
  config.repetition_ngram = 4;
  EXPECT_EQ(reasons_of(config, {{"<think>one two</think><answer>3</answer>"},
                                {"<think>one 二</think><answer>3</answer>"},
                                {"<think>one one one one one one</think><answer>3</answer>"}}),
            (Reasons{"", "language_consistency", "repetition"}));
}

TEST(CompletionFilter, BytesThatAreNoTextCannotStandInADataset) {
  // Encoded, the tag below is one token, but the model wrote it letter by letter.
  const auto tokenizer = data::make_byte_tokenizer();
  data::CompletionBatch batch;
  batch.prompts.emplace_back();
  data::Completion completion;
  for (const char c : std::string("<think>")) completion.token_ids.push_back(c);
  completion.text = "<think>";
  completion.finish_reason = data::FinishReason::kStop;
  batch.completions.push_back(completion);
  reward::BatchScores scores;
  scores.names = {"accuracy"};
  scores.values = {{1.0}};
  EXPECT_EQ(CompletionFilter({}, tokenizer).reasons(batch, scores), Reasons{"not_text"});
}

TEST(Repetition, CountsNgramsSeenBefore) {
  EXPECT_DOUBLE_EQ(repetition({1, 2, 3, 4}, 2), 0);
  EXPECT_DOUBLE_EQ(repetition({1, 2, 1, 2, 1}, 2), 0.5);  // 12 21 12 21
  EXPECT_DOUBLE_EQ(repetition({1, 1}, 3), 0);
}

}  // namespace
}  // namespace aha::pipeline::completion_filter_test
