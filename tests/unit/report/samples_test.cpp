// Which completions a report shows side by side.
#include "report/samples.h"

#include <gtest/gtest.h>

#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"

namespace aha::report::samples_test {
namespace {

using nlohmann::json;

std::string row(int step, const std::string& prompt, double reward, const std::string& completion) {
  return json{{"step", step},     {"prompt", prompt},    {"sample", 0}, {"completion", completion},
              {"reward", reward}, {"advantage", reward}, {"length", 3}, {"finish_reason", "stop"}}
             .dump() +
         "\n";
}

json pairs_of(const std::string& lines) {
  test::TemporaryFolder folder;
  write_file_atomic(folder / "completions.jsonl", lines);
  return read_sample_pairs(folder / "completions.jsonl");
}

TEST(SamplePairs, ShowAPromptEarlyAndLate) {
  const json pairs = pairs_of(row(1, "a", 0, "a1") + row(1, "a", 1, "a1 good") + row(1, "b", 0, "b1") +
                              row(2, "a", 0, "a2") + row(3, "b", 1, "b3") + row(9, "a", 1, "a9"));
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0]["prompt"], "a");  // steps 1 to 9 are farther apart than 1 to 3
  EXPECT_EQ(pairs[0]["early"]["step"], 1);
  EXPECT_EQ(pairs[0]["early"]["count"], 2);
  EXPECT_EQ(pairs[0]["early"]["mean_reward"], 0.5);
  EXPECT_EQ(pairs[0]["early"]["completions"][0]["completion"], "a1 good");
  EXPECT_EQ(pairs[0]["late"]["step"], 9);
  EXPECT_EQ(pairs[0]["late"]["completions"][0]["completion"], "a9");
  EXPECT_FALSE(pairs[0].contains("late_prompt"));
  EXPECT_EQ(pairs[1]["prompt"], "b");
}

TEST(SamplePairs, ShowBestMiddleAndWorst) {
  std::string lines;
  for (int i = 0; i < 7; ++i) lines += row(1, "a", i, "reward " + std::to_string(i));
  lines += row(2, "a", 1, "later") + row(2, "a", 2, "later better");
  const json pairs = pairs_of(lines);
  const json& completions = pairs[0]["early"]["completions"];
  ASSERT_EQ(completions.size(), 3u);
  EXPECT_EQ(completions[0]["completion"], "reward 6");
  EXPECT_EQ(completions[1]["completion"], "reward 3");
  EXPECT_EQ(completions[2]["completion"], "reward 0");
  EXPECT_EQ(completions[0]["finish_reason"], "stop");
  ASSERT_EQ(pairs[0]["late"]["completions"].size(), 2u);
  EXPECT_EQ(pairs[0]["late"]["completions"][1]["completion"], "later");
}

TEST(SamplePairs, FallBackToFirstAndLastStep) {
  const json pairs = pairs_of(row(1, "a", 0, "a1") + row(2, "b", 0, "b2") + row(3, "c", 1, "c3"));
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0]["prompt"], "a");
  EXPECT_EQ(pairs[0]["late_prompt"], "c");
  const json single = pairs_of(row(1, "a", 0, "a1"));
  ASSERT_EQ(single.size(), 1u);
  EXPECT_FALSE(single[0].contains("late"));
}

TEST(SamplePairs, AreFewAndShort) {
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    lines += row(1, std::to_string(i), 0, std::string(5000, 'x')) + row(2, std::to_string(i), 0, "y");
  }
  const json pairs = pairs_of(lines);
  EXPECT_EQ(pairs.size(), 12u);
  EXPECT_LE(pairs[0]["early"]["completions"][0]["completion"].get<std::string>().size(), 2003u);
}

TEST(SamplePairs, OutliveBrokenLines) {
  EXPECT_EQ(pairs_of(""), json::array());
  EXPECT_EQ(pairs_of("{}\n[1]\nnull\n{\"step\":\"x\"}\n"), json::array());
  EXPECT_EQ(pairs_of(row(1, "a", 0, "x") + "{\"step\":1,\"prompt\":\"a\",\"compl").size(), 1u);
}

TEST(Shortened, NeverCutsACharacter) {
  EXPECT_EQ(shortened("short", 5), "short");
  EXPECT_EQ(shortened("推理", 4), "推…");
  EXPECT_EQ(shortened("推理", 2), "…");
}

}  // namespace
}  // namespace aha::report::samples_test
