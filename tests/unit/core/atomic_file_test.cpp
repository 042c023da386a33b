// Files written piece by piece are whole or absent.
#include "aha/core/atomic_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"

namespace aha::atomic_file_test {
namespace {

using test::TemporaryFolder;
using Names = std::set<std::string>;

TEST(AtomicFile, AppearsWithAllItsPiecesOnCommit) {
  const TemporaryFolder folder;
  write_file_atomic(folder / "a/b", "old");
  {
    AtomicFile file(folder / "a/b");
    file.append("one ");
    EXPECT_EQ(read_file(folder / "a/b"), "old");
    file.append("two");
    file.commit();
  }
  EXPECT_EQ(read_file(folder / "a/b"), "one two");
}

TEST(AtomicFile, WithoutCommitNothingChangesAndNothingStays) {
  const TemporaryFolder folder;
  write_file_atomic(folder / "kept", "old");
  {
    AtomicFile file(folder / "kept");
    file.append("half");
  }
  EXPECT_EQ(read_file(folder / "kept"), "old");
  EXPECT_EQ(folder.names(), Names{"kept"});
}

TEST(AtomicFile, NamesThePathThatCannotBe) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "taken");
  AtomicFile file(folder / "taken");
  file.append("x");
  const std::string sentence = test::sentence_of<IoError>([&] { file.commit(); });
  EXPECT_NE(sentence.find((folder / "taken").string()), std::string::npos) << sentence;
}

TEST(AtomicFile, ALinkStaysAndWhatItLeadsToIsReplaced) {
  const TemporaryFolder folder;
  write_file_atomic(folder / "real", "old");
  std::filesystem::create_symlink("real", folder / "link");
  write_file_atomic(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "real"), "new");
}

TEST(AtomicFile, APipeIsWrittenToNotReplaced) {
  const TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  const int reader = open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  write_file_atomic(folder / "pipe", "through");
  char bytes[16];
  EXPECT_EQ(std::string(bytes, static_cast<size_t>(read(reader, bytes, sizeof bytes))), "through");
  close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
  EXPECT_EQ(folder.names(), Names{"pipe"});
}

}  // namespace
}  // namespace aha::atomic_file_test
