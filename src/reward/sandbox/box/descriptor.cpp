// A file descriptor that closes itself, and whole reads and writes.
#include "reward/sandbox/box/descriptor.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace aha::box {

void Descriptor::close() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

bool make_pipe(Pipe& pipe) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  pipe.read = Descriptor(ends[0]);
  pipe.write = Descriptor(ends[1]);
  return true;
}

bool write_all(int descriptor, const void* bytes, size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = write(descriptor, at, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    count -= size_t(written);
  }
  return true;
}

bool read_all(int descriptor, void* bytes, size_t count) {
  char* at = static_cast<char*>(bytes);
  while (count > 0) {
    const ssize_t got = read(descriptor, at, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    count -= size_t(got);
  }
  return true;
}

std::string read_small(int folder, const char* path) {
  const Descriptor file(openat(folder, path, O_RDONLY | O_CLOEXEC));
  std::string text(16384, '\0');
  const ssize_t got = file ? read(file.get(), text.data(), text.size()) : 0;
  text.resize(got > 0 ? size_t(got) : 0);
  return text;
}

bool write_small(int folder, const char* path, const char* text) {
  const Descriptor file(openat(folder, path, O_WRONLY | O_CLOEXEC));
  return file && write_all(file.get(), text, strlen(text));
}

}  // namespace aha::box
