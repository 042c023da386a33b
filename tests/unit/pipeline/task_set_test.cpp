// Splits of generators and files never overlap.
#include "pipeline/task_set.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "aha/core/error.h"
#include "unit/core/temporary_folder.h"

namespace aha::pipeline::task_set_test {
namespace {

using aha::test::TemporaryFolder;

std::set<std::string> prompts_of(TaskSet& tasks, data::Split split) {
  std::set<std::string> prompts;
  for (const auto& example : tasks.examples("t", split)) prompts.insert(example.prompt);
  return prompts;
}

TaskConfig file_task(const std::filesystem::path& path, int64_t holdout) {
  TaskConfig task;
  task.path = path.string();
  task.holdout = holdout;
  return task;
}

void write_rows(const std::filesystem::path& path, int count) {
  std::ofstream file(path);
  for (int i = 0; i < count; ++i) file << R"({"prompt": "p)" << i / 2 << R"(", "answer": ")" << i << "\"}\n";
}

TEST(TaskSet, AFileIsSplitByPromptSoThatNoPromptIsOnBothSides) {
  const TemporaryFolder folder;
  write_rows(folder / "rows.jsonl", 40);  // every prompt twice
  TaskSet tasks({{"t", file_task(folder / "rows.jsonl", 5)}});
  const auto held_out = prompts_of(tasks, data::Split::kHeldOut);
  const auto train = prompts_of(tasks, data::Split::kTrain);
  EXPECT_EQ(held_out.size(), 5u);
  EXPECT_EQ(train.size(), 15u);
  for (const std::string& prompt : held_out) EXPECT_FALSE(train.contains(prompt));
  EXPECT_EQ(tasks.examples("t", data::Split::kTrain).size(), 30u);
  EXPECT_EQ(tasks.examples("t", data::Split::kTrain).front().task, "t");
}

TEST(TaskSet, RowsAddedLaterMoveFewPromptsOverTheLine) {
  const TemporaryFolder folder;
  write_rows(folder / "few.jsonl", 40);
  write_rows(folder / "more.jsonl", 44);
  TaskSet few({{"t", file_task(folder / "few.jsonl", 5)}}), more({{"t", file_task(folder / "more.jsonl", 5)}});
  const auto before = prompts_of(few, data::Split::kHeldOut), after = prompts_of(more, data::Split::kHeldOut);
  EXPECT_GE(std::count_if(before.begin(), before.end(), [&](const auto& p) { return after.contains(p); }), 3);
}

TEST(TaskSet, AFileHasNoOutOfDistributionSplitAndMustKeepRows) {
  const TemporaryFolder folder;
  write_rows(folder / "rows.jsonl", 4);
  TaskSet tasks({{"t", file_task(folder / "rows.jsonl", 2)}});
  EXPECT_THROW(tasks.examples("t", data::Split::kOutOfDistribution), ConfigError);
  EXPECT_THROW(tasks.examples("t", data::Split::kTrain), InputError);
}

TEST(TaskSet, NoHeldOutPromptsMeansNoEvaluation) {
  TaskConfig task;
  task.generator = "last_digit_sum";
  task.holdout = 0;
  TaskSet tasks({{"t", task}});
  EXPECT_THROW(tasks.examples("t", data::Split::kHeldOut), ConfigError);
}

TEST(TaskSet, TrainingPromptsOfSeveralTasksCountThrough) {
  TaskConfig task;
  task.generator = "last_digit_sum";
  task.count = 3;
  TaskSet tasks({{"a", task}, {"b", task}});
  const auto prompts = tasks.training_prompts({"a", "b"}, "plain", *data::make_byte_tokenizer());
  ASSERT_EQ(prompts.size(), 6u);
  for (int64_t i = 0; i < 6; ++i) EXPECT_EQ(prompts[i].id, i);
  EXPECT_EQ(prompts[3].example.task, "b");
}

}  // namespace
}  // namespace aha::pipeline::task_set_test
