// Checkpoints are whole, checked, few, and of the right stage.
#include "pipeline/checkpoint.h"

#include <gtest/gtest.h>

#include <fstream>

#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"

namespace aha::pipeline::checkpoint_test {
namespace {

using aha::test::TemporaryFolder;

void save(const fs::path& folder, int64_t step, const std::string& hash = "h") {
  save_checkpoint(folder, step, hash, {{"tokens", step * 10}}, [&](const fs::path& staged) {
    write_file_atomic(staged / "weights", "weights of " + std::to_string(step));
  });
}

TEST(Checkpoint, TheNewestComesBackWithItsCursor) {
  const TemporaryFolder folder;
  for (const int64_t step : {5, 10}) save(folder.path(), step);
  const auto found = newest_checkpoint(folder.path(), "h");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->step, 10);
  EXPECT_EQ(found->cursor["tokens"], 100);
  EXPECT_EQ(read_file(found->folder / "weights"), "weights of 10");
}

TEST(Checkpoint, OnlyTheNewestTwoStay) {
  const TemporaryFolder folder;
  for (const int64_t step : {1, 2, 3, 4}) save(folder.path(), step);
  EXPECT_FALSE(fs::exists(folder / "checkpoints/step-000002"));
  EXPECT_TRUE(fs::exists(folder / "checkpoints/step-000003"));
  EXPECT_TRUE(fs::exists(folder / "checkpoints/step-000004"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "checkpoints"), {}), 2);
}

TEST(Checkpoint, StepsBeyondSixDigitsAreStillTheNewest) {
  const TemporaryFolder folder;
  for (const int64_t step : {999'999, 1'000'000}) save(folder.path(), step);
  EXPECT_EQ(newest_checkpoint(folder.path(), "h")->step, 1'000'000);
}

// Whatever is broken in the newest one, the one before it is taken.
class DamagedCheckpoint : public testing::TestWithParam<void (*)(const fs::path&)> {};

TEST_P(DamagedCheckpoint, FallsBackToTheOneBefore) {
  const TemporaryFolder folder;
  for (const int64_t step : {5, 10}) save(folder.path(), step);
  GetParam()(folder / "checkpoints/step-000010");
  const auto found = newest_checkpoint(folder.path(), "h");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->step, 5);
}

void flip_a_bit(const fs::path& folder) { std::ofstream(folder / "weights") << "weights of 1!"; }
void cut_short(const fs::path& folder) { fs::resize_file(folder / "weights", 3); }
void lose_a_file(const fs::path& folder) { fs::remove(folder / "weights"); }
void add_a_file(const fs::path& folder) { std::ofstream(folder / "more") << "x"; }
void lose_the_manifest(const fs::path& folder) { fs::remove(folder / "MANIFEST.json"); }
void cut_the_manifest(const fs::path& folder) { fs::resize_file(folder / "MANIFEST.json", 20); }
void forge_the_cursor(const fs::path& folder) {
  std::string text = read_file(folder / "MANIFEST.json");
  std::ofstream(folder / "MANIFEST.json") << text.replace(text.find("100"), 3, "999");
}
INSTANTIATE_TEST_SUITE_P(All, DamagedCheckpoint,
                         testing::Values(flip_a_bit, cut_short, lose_a_file, add_a_file, lose_the_manifest,
                                         cut_the_manifest, forge_the_cursor));

TEST(Checkpoint, OneOfOtherSettingsIsPassedOver) {
  const TemporaryFolder folder;
  save(folder.path(), 5, "old");
  EXPECT_FALSE(newest_checkpoint(folder.path(), "new"));
}

TEST(Checkpoint, NoFolderIsNoCheckpoint) { EXPECT_FALSE(newest_checkpoint("absent", "h")); }

}  // namespace
}  // namespace aha::pipeline::checkpoint_test
