// A file descriptor that closes itself, and whole reads and writes through one.
#pragma once
#include <sys/types.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace aha {

/// Permissions of a new file, from which the umask is taken.
inline constexpr mode_t kFileMode = 0666;

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return number_; }
  bool is_open() const { return number_ >= 0; }
  void reset(int number) {
    close();
    number_ = number;
  }
  int release() {
    const int number = number_;
    number_ = -1;
    return number;
  }
  /// 0, or -1 with errno: a disk may report a failed write only here.
  int close() { return is_open() ? ::close(release()) : 0; }

 private:
  int number_ = -1;
};

/// Writes all of `bytes` through interrupts and short writes. False with errno.
bool write_all(int descriptor, std::string_view bytes);
/// Appends all that is left to `bytes`. False with errno.
bool read_all(int descriptor, std::string& bytes);

}  // namespace aha
