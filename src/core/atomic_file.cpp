// Writes beside the final name and renames, by plain system calls.
#include "aha/core/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "core/descriptor.h"
#include "core/durable_path.h"

namespace aha {
namespace {

// A device or a pipe is no file to be replaced: /dev/stdout, say.
bool is_special(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

// Where a link leads: the link stays, the file behind it is replaced.
fs::path target_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  fs::path target = fs::canonical(path, error);
  return error ? path : target;
}

// Opens a new file beside `path`, under a name that nobody else has.
fs::path open_beside(const fs::path& path, Descriptor& file) {
  static std::atomic<uint64_t> counter{0};
  while (true) {
    const std::string suffix = std::to_string(getpid()) + "-" + std::to_string(counter++);
    fs::path beside = sibling(path, ".tmp-" + suffix);
    file.reset(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
    if (file.is_open()) return beside;
    if (errno != EEXIST) throw IoError("write", path.string(), errno);
  }
}

}  // namespace

struct AtomicFile::Open {
  Descriptor file;
  fs::path beside;  // empty where the path is written to as it is
};

AtomicFile::AtomicFile(fs::path path) : path_(target_of(path)), open_(std::make_unique<Open>()) {
  if (is_special(path)) {
    path_ = std::move(path);
    open_->file.reset(open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    if (!open_->file.is_open()) throw IoError("write", path_.string(), errno);
    return;
  }
  make_folder(folder_of(path_));
  open_->beside = open_beside(path_, open_->file);
}

AtomicFile::~AtomicFile() {
  if (open_ && !open_->beside.empty()) unlink(open_->beside.c_str());
}

void AtomicFile::append(std::string_view bytes) {
  if (!write_all(open_->file.get(), bytes)) throw IoError("write", path_.string(), errno);
}

void AtomicFile::commit() {
  if (open_->beside.empty()) {
    open_.reset();
    return;
  }
  int error = fsync(open_->file.get()) == 0 ? 0 : errno;
  if (open_->file.close() != 0 && error == 0) error = errno;
  if (error == 0 && rename(open_->beside.c_str(), path_.c_str()) != 0) error = errno;
  if (error != 0) throw IoError("write", path_.string(), error);
  open_.reset();
  sync_path(folder_of(path_));
}

}  // namespace aha
