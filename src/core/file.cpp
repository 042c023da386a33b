// Files that are whole or absent, by plain system calls: the stream library hides a failed write until it is too late.
#include "aha/core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <vector>

#include "aha/core/atomic_file.h"
#include "aha/core/error.h"
#include "core/descriptor.h"
#include "core/durable_path.h"

namespace aha {
namespace {

// Swaps two names in one step. False where the file system cannot.
bool exchange(const fs::path& a, const fs::path& b) {
  return renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0;
}

void rename_or_throw(const fs::path& from, const fs::path& to) {
  if (rename(from.c_str(), to.c_str()) != 0) throw IoError("rename " + from.string() + " to", to.string(), errno);
}

void remove_or_throw(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) throw IoError("remove", path.string(), error.value());
}

void sync_below(const fs::path& folder) {
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (!entry->is_symlink(error) && (entry->is_regular_file(error) || entry->is_directory(error))) {
      sync_path(entry->path());
    }
  }
  if (error) throw IoError("list", folder.string(), error.value());
  sync_path(folder);
}

bool is_there(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::none) throw IoError("look for", path.string(), error.value());
  return status.type() != fs::file_type::not_found;
}

fs::path without_trailing_slash(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace

std::string read_file(const fs::path& path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) throw InputError(path.string(), "there is no such file; check the path");
  std::string bytes;
  if (!file.is_open() || !read_all(file.get(), bytes)) {
    throw InputError(path.string(), "cannot be read: " + std::generic_category().message(errno));
  }
  return bytes;
}

void make_folder(const fs::path& path) {
  // A new folder is durable only when its name is: the folder above is synced for each one made.
  std::vector<fs::path> missing;
  for (fs::path folder = path; !folder.empty() && !is_there(folder); folder = folder.parent_path()) {
    missing.push_back(folder);
    if (folder == folder.parent_path()) break;
  }
  std::error_code error;
  fs::create_directories(path, error);
  if (error) throw IoError("make the folder", path.string(), error.value());
  for (const auto& folder : missing) {
    if (folder.has_filename()) sync_path(folder_of(folder));
  }
}

void write_file_atomic(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.append(bytes);
  file.commit();
}

StagedFolder::StagedFolder(fs::path final_path)
    : final_(without_trailing_slash(final_path)), staged_(sibling(final_, ".staged")) {
  make_folder(folder_of(final_));
  // A crash between the two renames of commit() left the old folder aside and none in its place: put it back.
  const fs::path aside = sibling(final_, ".old");
  if (is_there(aside) && !is_there(final_)) rename_or_throw(aside, final_);
  remove_or_throw(aside);
  remove_or_throw(staged_);
  make_folder(staged_);
}

StagedFolder::~StagedFolder() {
  if (committed_) return;
  std::error_code ignored;
  fs::remove_all(staged_, ignored);
}

void StagedFolder::commit() {
  sync_below(staged_);
  const fs::path aside = sibling(final_, ".old");
  if (!is_there(final_)) {
    rename_or_throw(staged_, final_);
  } else if (exchange(staged_, final_)) {
    rename_or_throw(staged_, aside);
  } else {
    rename_or_throw(final_, aside);
    rename_or_throw(staged_, final_);
  }
  committed_ = true;
  sync_path(folder_of(final_));
  remove_or_throw(aside);
}

AppendFile::AppendFile(fs::path path, int64_t keep_bytes) : path_(std::move(path)) {
  make_folder(folder_of(path_));
  const bool is_new = !is_there(path_);
  Descriptor file(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kFileMode));
  struct stat status;
  if (!file.is_open() || fstat(file.get(), &status) != 0) throw IoError("open", path_.string(), errno);
  size_ = status.st_size;
  if (keep_bytes > size_) {
    throw InputError(path_.string(), "has " + std::to_string(size_) + " bytes, but " + std::to_string(keep_bytes) +
                                         " were written; it was cut by someone else");
  }
  if (keep_bytes >= 0) {
    if (ftruncate(file.get(), keep_bytes) != 0) throw IoError("cut", path_.string(), errno);
    size_ = keep_bytes;
  }
  if (is_new) sync_path(folder_of(path_));
  descriptor_ = file.release();
}

AppendFile::~AppendFile() { close(descriptor_); }

void AppendFile::append(std::string_view lines) {
  if (!write_all(descriptor_, lines)) {
    const int error = errno;
    if (ftruncate(descriptor_, size_) != 0) errno = error;  // no half line stays, where it can be helped
    throw IoError("write", path_.string(), error);
  }
  size_ += static_cast<int64_t>(lines.size());
}

void AppendFile::sync() {
  if (fsync(descriptor_) != 0) throw IoError("sync", path_.string(), errno);
}

}  // namespace aha
