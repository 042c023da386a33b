// metrics.jsonl line by line, resuming, and a disk that fails.
#include "aha/report/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cmath>
#include <limits>

#include "aha/core/file.h"
#include "report/event_record.h"
#include "unit/core/temporary_folder.h"

namespace aha::report::metrics_test {
namespace {

using test::TemporaryFolder;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> event_files(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().rfind("events.out.tfevents.", 0) == 0) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(Metrics, WritesOneSortedLineAStep) {
  TemporaryFolder folder;
  MetricsWriter writer(folder.path());
  writer.write(1, {{"reward", 0.5}, {"kl", 0.0}, {"completions/mean_length", 21.25}});
  writer.write(2, {{"loss", std::nan("")}, {"kl", std::numeric_limits<double>::infinity()}, {"step", 9}});
  writer.sync();
  const std::string lines = read_file(folder / "metrics.jsonl");
  EXPECT_EQ(lines,
            "{\"step\":1,\"completions/mean_length\":21.25,\"kl\":0.0,\"reward\":0.5}\n"
            "{\"step\":2,\"kl\":null,\"loss\":null}\n");
  EXPECT_EQ(writer.size(), static_cast<int64_t>(lines.size()));
}

TEST(Metrics, ValuesComeBackExactly) {
  TemporaryFolder folder;
  const double value = 0.1 + 0.2;
  MetricsWriter(folder.path()).write(1, {{"x", value}});
  const auto line = nlohmann::json::parse(read_file(folder / "metrics.jsonl"));
  EXPECT_EQ(line["x"].get<double>(), value);
}

TEST(Metrics, EventsHoldTheSameSteps) {
  TemporaryFolder folder;
  {
    MetricsWriter writer(folder.path());
    writer.write(3, {{"kl", 0.5}});
  }
  ASSERT_EQ(event_files(folder.path()).size(), 1u);
  const std::string events = read_file(event_files(folder.path())[0]);
  EXPECT_THAT(events, HasSubstr("brain.Event:2"));
  EXPECT_THAT(events, HasSubstr(std::string("\x10\x03\x2a\x0b\x0a\x09\x0a\x02kl\x15\x00\x00\x00\x3f", 15)));
}

TEST(Metrics, AResumedRunDropsLinesAfterItsCheckpoint) {
  TemporaryFolder folder;
  int64_t at_checkpoint = 0;
  {
    MetricsWriter writer(folder.path());
    writer.write(1, {{"x", 1}});
    at_checkpoint = writer.size();
    writer.write(2, {{"x", 2}});
  }
  {
    MetricsWriter writer(folder.path(), at_checkpoint);
    writer.write(2, {{"x", 20}});
    writer.write(3, {{"x", 30}});
  }
  EXPECT_EQ(read_file(folder / "metrics.jsonl"),
            "{\"step\":1,\"x\":1.0}\n{\"step\":2,\"x\":20.0}\n{\"step\":3,\"x\":30.0}\n");
  const auto files = event_files(folder.path());
  ASSERT_EQ(files.size(), 2u);
  // The second file opens with the order to forget what the first says from step 2 on; it comes once.
  const std::string restart = std::string("\x10\x02\x3a\x02\x08\x01", 6);
  EXPECT_THAT(read_file(files[0]), Not(HasSubstr(restart)));
  const std::string resumed = read_file(files[1]);
  ASSERT_THAT(resumed, HasSubstr(restart));
  EXPECT_THAT(resumed.substr(resumed.find(restart) + 1), Not(HasSubstr(std::string("\x3a\x02\x08\x01", 4) + "\x10")));
}

TEST(Metrics, AShorterFileThanTheCheckpointSawIsKept) {
  TemporaryFolder folder;
  write_file_atomic(folder / "metrics.jsonl", "{\"step\":1}\n");
  testing::internal::CaptureStderr();
  MetricsWriter writer(folder.path(), 1000);
  writer.write(2, {{"x", 2}});
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("its last lines are lost"));
  EXPECT_EQ(read_file(folder / "metrics.jsonl"), "{\"step\":1}\n{\"step\":2,\"x\":2.0}\n");
}

TEST(Metrics, AFullDiskIsToldOnceAndNeverThrown) {
  TemporaryFolder folder;
  testing::internal::CaptureStderr();
  {
    MetricsWriter writer(folder.path());
    writer.write(1, {{"x", 1}});
    const auto old_handler = signal(SIGXFSZ, SIG_IGN);
    rlimit old_limit;
    getrlimit(RLIMIT_FSIZE, &old_limit);
    const rlimit full{4096, old_limit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    std::map<std::string, double> large;
    for (int i = 0; i < 1000; ++i) large["metric " + std::to_string(i)] = i;
    for (int step = 2; step < 5; ++step) writer.write(step, large);
    setrlimit(RLIMIT_FSIZE, &old_limit);
    signal(SIGXFSZ, old_handler);
    writer.write(5, {{"x", 5}});
  }
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find("the run goes on"), said.rfind("the run goes on")) << said;
  EXPECT_THAT(said, HasSubstr("metrics.jsonl: File too large"));
  EXPECT_THAT(said, HasSubstr("6 writes of metrics failed in " + folder.path().string()));
  EXPECT_EQ(read_file(folder / "metrics.jsonl"), "{\"step\":1,\"x\":1.0}\n{\"step\":5,\"x\":5.0}\n");
}

TEST(Metrics, AFolderThatCannotBeMadeDoesNotStopTheRun) {
  TemporaryFolder folder;
  write_file_atomic(folder / "x", "a file");
  testing::internal::CaptureStderr();
  MetricsWriter writer(folder / "x");
  writer.write(1, {{"a", 1}});
  writer.sync();
  EXPECT_EQ(writer.size(), 0);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("metrics are lost"));
}

}  // namespace
}  // namespace aha::report::metrics_test
