// Files are whole or absent, also when the disk is full.
#include "aha/core/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>

#include "aha/core/error.h"
#include "unit/core/temporary_folder.h"

namespace aha::file_test {
namespace {

using test::sentence_of;
using test::TemporaryFolder;
using testing::HasSubstr;
using Names = std::set<std::string>;

// Files may not grow beyond `bytes` while this lives: a full disk in small.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    old_handler_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    const rlimit limit{bytes, old_limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_limit_;
  sighandler_t old_handler_;
};

TEST(ReadFile, GivesTheWholeContent) {
  TemporaryFolder folder;
  std::string bytes = "a\0b\n", large(300'000, 'x');
  bytes += large;
  write_file_atomic(folder / "x", bytes);
  EXPECT_EQ(read_file(folder / "x"), bytes);
  write_file_atomic(folder / "empty", "");
  EXPECT_EQ(read_file(folder / "empty"), "");
  EXPECT_THAT(read_file("/proc/self/status"), HasSubstr("Name:"));  // reports a size of 0
}

TEST(ReadFile, NamesTheFileThatIsMissingOrAFolder) {
  TemporaryFolder folder;
  EXPECT_EQ(sentence_of<InputError>([&] { read_file(folder / "x"); }),
            (folder / "x").string() + ": there is no such file; check the path");
  EXPECT_EQ(sentence_of<InputError>([&] { read_file(folder.path()); }),
            folder.path().string() + ": cannot be read: Is a directory");
}

TEST(WriteFileAtomic, ReplacesAndMakesFoldersAndLeavesNothingElse) {
  TemporaryFolder folder;
  write_file_atomic(folder / "a/b/x", "old");
  write_file_atomic(folder / "a/b/x", "new");
  EXPECT_EQ(read_file(folder / "a/b/x"), "new");
  EXPECT_EQ(folder.names(), Names{"a"});
  EXPECT_EQ(std::distance(fs::directory_iterator(folder / "a/b"), {}), 1);
}

TEST(WriteFileAtomic, AFullDiskLeavesTheOldFileAndNoDebris) {
  TemporaryFolder folder;
  write_file_atomic(folder / "x", "old");
  std::string sentence;
  {
    FullDisk full(4096);
    sentence = sentence_of<IoError>([&] { write_file_atomic(folder / "x", std::string(100'000, 'n')); });
  }
  EXPECT_THAT(sentence, HasSubstr("cannot write " + (folder / "x").string() + ": File too large; raise"));
  EXPECT_EQ(read_file(folder / "x"), "old");
  EXPECT_EQ(folder.names(), Names{"x"});
}

TEST(WriteFileAtomic, NamesThePathThatCannotBe) {
  TemporaryFolder folder;
  write_file_atomic(folder / "x", "a file");
  EXPECT_THAT(sentence_of<IoError>([&] { write_file_atomic(folder / "x/y", "n"); }),
              HasSubstr("cannot make the folder"));
  fs::create_directories(folder / "d/inside");
  EXPECT_THAT(sentence_of<IoError>([&] { write_file_atomic(folder / "d", "n"); }), HasSubstr("Is a directory"));
  EXPECT_EQ(folder.names(), (Names{"d", "x"}));
}

TEST(StagedFolder, AppearsOnlyWhenCommitted) {
  TemporaryFolder folder;
  StagedFolder staged(folder / "model");
  write_file_atomic(staged.path() / "sub/x", "1");
  EXPECT_FALSE(fs::exists(folder / "model"));
  staged.commit();
  EXPECT_EQ(read_file(folder / "model/sub/x"), "1");
  EXPECT_EQ(folder.names(), Names{"model"});
}

TEST(StagedFolder, WithoutCommitNothingChanges) {
  TemporaryFolder folder;
  write_file_atomic(folder / "model/x", "old");
  {
    StagedFolder staged(folder / "model");
    write_file_atomic(staged.path() / "x", "new");
  }
  EXPECT_EQ(read_file(folder / "model/x"), "old");
  EXPECT_EQ(folder.names(), Names{"model"});
}

TEST(StagedFolder, ReplacesTheWholeFolder) {
  TemporaryFolder folder;
  write_file_atomic(folder / "model/gone", "old");
  StagedFolder staged(folder / "model/");
  write_file_atomic(staged.path() / "x", "new");
  staged.commit();
  EXPECT_FALSE(fs::exists(folder / "model/gone"));
  EXPECT_EQ(read_file(folder / "model/x"), "new");
  EXPECT_EQ(folder.names(), Names{"model"});
}

TEST(StagedFolder, CleansUpAfterAKilledProcess) {
  TemporaryFolder folder;
  write_file_atomic(folder / ".model.staged/half", "debris");
  write_file_atomic(folder / ".model.old/x", "old");
  { StagedFolder staged(folder / "model"); }
  // The kill fell between the two renames: the old folder is the newest whole one.
  EXPECT_EQ(read_file(folder / "model/x"), "old");
  EXPECT_EQ(folder.names(), Names{"model"});

  write_file_atomic(folder / ".model.staged/half", "debris");
  write_file_atomic(folder / ".model.old/x", "older");
  StagedFolder staged(folder / "model");
  EXPECT_EQ(std::distance(fs::directory_iterator(staged.path()), {}), 0);
  EXPECT_EQ(read_file(folder / "model/x"), "old");
}

TEST(AppendFile, AppendsAndCounts) {
  TemporaryFolder folder;
  AppendFile file(folder / "a/log.jsonl");
  file.append("{\"a\":1}\n");
  file.append("{\"a\":2}\n");
  file.sync();
  EXPECT_EQ(file.size(), 16);
  EXPECT_EQ(read_file(folder / "a/log.jsonl"), "{\"a\":1}\n{\"a\":2}\n");
}

TEST(AppendFile, CutsToWhatACheckpointSaw) {
  TemporaryFolder folder;
  write_file_atomic(folder / "log", "one\ntwo\nthr");
  {
    AppendFile file(folder / "log", 8);
    EXPECT_EQ(file.size(), 8);
    file.append("three\n");
  }
  EXPECT_EQ(read_file(folder / "log"), "one\ntwo\nthree\n");
  {
    AppendFile file(folder / "log");
    file.append("four\n");
  }
  EXPECT_EQ(read_file(folder / "log"), "one\ntwo\nthree\nfour\n");
  { AppendFile file(folder / "log", 0); }
  EXPECT_EQ(read_file(folder / "log"), "");
}

TEST(AppendFile, NeverGrowsAFileByCutting) {
  TemporaryFolder folder;
  write_file_atomic(folder / "log", "one\n");
  EXPECT_THAT(sentence_of<InputError>([&] { AppendFile(folder / "log", 9); }), HasSubstr("has 4 bytes, but 9"));
  EXPECT_EQ(read_file(folder / "log"), "one\n");
}

TEST(AppendFile, AFullDiskLeavesNoHalfLine) {
  TemporaryFolder folder;
  AppendFile file(folder / "log");
  file.append("one\n");
  {
    FullDisk full(4096);
    EXPECT_THROW(file.append(std::string(10'000, 'n') + "\n"), IoError);
  }
  EXPECT_EQ(read_file(folder / "log"), "one\n");
  file.append("two\n");
  EXPECT_EQ(read_file(folder / "log"), "one\ntwo\n");
  EXPECT_EQ(file.size(), 8);
}

TEST(AppendFile, SaysWhatToDoWhenTheDiskIsFull) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "needs /dev/full";
  AppendFile file("/dev/full");
  EXPECT_EQ(sentence_of<IoError>([&] { file.append("x\n"); }),
            "cannot write /dev/full: No space left on device; free some space on that disk, then run the same command "
            "again");
}

TEST(Hash, IsXxh3OfTheBytes) {
  EXPECT_EQ(hash_bytes(""), "99aa06d3014798d86001c324468d497f");  // published for the empty input
  EXPECT_EQ(hash_bytes("abc").size(), 32u);
}

TEST(Hash, OfAFileIsThatOfItsBytes) {
  TemporaryFolder folder;
  const std::string large(3'000'000, 'y');
  write_file_atomic(folder / "x", large);
  EXPECT_EQ(hash_file(folder / "x"), hash_bytes(large));
  EXPECT_THROW(hash_file(folder / "none"), InputError);
  EXPECT_THROW(hash_file(folder.path()), InputError);
}

TEST(Hash, OfAFolderSeesNamesAndContentsOnly) {
  TemporaryFolder one, two;
  write_file_atomic(one / "b", "2");
  write_file_atomic(one / "a/x", "1");
  write_file_atomic(two / "a/x", "1");
  write_file_atomic(two / "b", "2");
  const std::string hash = hash_folder(one.path());
  EXPECT_EQ(hash_folder(two.path()), hash);
  write_file_atomic(two / "b", "3");
  EXPECT_NE(hash_folder(two.path()), hash);
  write_file_atomic(two / "b", "2");
  fs::rename(two / "b", two / "c");
  EXPECT_NE(hash_folder(two.path()), hash);
  EXPECT_THROW(hash_folder(one / "none"), InputError);
}

}  // namespace
}  // namespace aha::file_test
