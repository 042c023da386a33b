// Whole reads and writes on a socket before a deadline.
#pragma once
#include <chrono>
#include <cstddef>

namespace aha::reward {

class TimedSocket {
 public:
  /// All that is read and written through this object happens within the seconds from now.
  TimedSocket(int descriptor, double seconds);
  /// False when the other side is gone or the time is over.
  bool write(const void* bytes, size_t count);
  bool read(void* bytes, size_t count);

 private:
  bool wait_for(short events) const;

  int descriptor_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace aha::reward
