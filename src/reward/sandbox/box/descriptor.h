// A file descriptor that closes itself, and whole reads and writes.
#pragma once
#include <cstddef>
#include <string>
#include <utility>

namespace aha::box {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void close();

 private:
  int number_;
};

struct Pipe {
  Descriptor read, write;
};

/// Closed on exec. False with errno where there are no descriptors left.
bool make_pipe(Pipe& pipe);
/// False where the other side is gone or the file fails.
bool write_all(int descriptor, const void* bytes, size_t count);
bool read_all(int descriptor, void* bytes, size_t count);
/// Of small files below a folder; empty and false where they cannot be read or written.
std::string read_small(int folder, const char* path);
bool write_small(int folder, const char* path, const char* text);

}  // namespace aha::box
