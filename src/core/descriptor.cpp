// Loops around read(2) and write(2).
#include "core/descriptor.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace aha {
namespace {

constexpr size_t kLeastRead = 64 << 10;

// One byte more than the file's size, so that the end is seen without growing.
size_t first_room(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || status.st_size < 0) return kLeastRead;
  return static_cast<size_t>(status.st_size) + 1;
}

}  // namespace

bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    if (written == 0) {
      errno = EIO;
      return false;
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

bool read_all(int descriptor, std::string& bytes) {
  size_t size = bytes.size();
  bytes.resize(size + first_room(descriptor));
  while (true) {
    const ssize_t got = ::read(descriptor, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    size += static_cast<size_t>(got);
    if (got == 0) break;
    if (size == bytes.size()) bytes.resize(std::max(2 * size, kLeastRead));
  }
  bytes.resize(size);
  return true;
}

}  // namespace aha
