// Files that are whole or absent: write, fsync, rename, fsync the folder.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace aha {

namespace fs = std::filesystem;

/// Whole content. @throws InputError if it is not there or cannot be read.
std::string read_file(const fs::path& path);

/// Replaces `path` atomically and durably (temporary file, fsync, rename, fsync of the folder).
/// Makes the folders above. @throws IoError; the old file is then untouched and no debris stays.
void write_file_atomic(const fs::path& path, std::string_view bytes);

/// Makes a folder and those above. @throws IoError
void make_folder(const fs::path& path);

/// A folder that appears under its final name only when complete.
/// Files are written below path(); commit() fsyncs all of them, renames and fsyncs the parent.
/// An existing folder of the final name is replaced, by swapping the two names in one step where the file system can.
/// Without commit() the destructor removes everything; what a killed process left is cleaned up by the next
/// StagedFolder of that name. One writer a name at a time.
class StagedFolder {
 public:
  explicit StagedFolder(fs::path final_path);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;
  const fs::path& path() const { return staged_; }
  void commit();

 private:
  fs::path final_, staged_;
  bool committed_ = false;
};

/// Append-only text file, for JSON lines: each append is one write(2) of whole lines.
/// keep_bytes cuts the file to that length on opening (a resumed run drops lines after its checkpoint).
class AppendFile {
 public:
  explicit AppendFile(fs::path path, int64_t keep_bytes = -1);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  void append(std::string_view lines);  ///< @throws IoError
  void sync();                          ///< fsync
  int64_t size() const { return size_; }

 private:
  fs::path path_;
  int descriptor_ = -1;
  int64_t size_ = 0;
};

/// XXH3-128 as 32 hexadecimal digits.
std::string hash_bytes(std::string_view bytes);
std::string hash_file(const fs::path& path);
/// Hash of names and contents of all files below `path`, in name order.
std::string hash_folder(const fs::path& path);

}  // namespace aha
