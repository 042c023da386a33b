// Whole reads and writes on a socket before a deadline.
#include "reward/sandbox/timed_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace aha::reward {

using std::chrono::steady_clock;

TimedSocket::TimedSocket(int descriptor, double seconds)
    : descriptor_(descriptor),
      deadline_(steady_clock::now() +
                std::chrono::duration_cast<steady_clock::duration>(std::chrono::duration<double>(seconds))) {}

bool TimedSocket::wait_for(short events) const {
  pollfd polled{descriptor_, events, 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady_clock::now()).count();
    if (left <= 0) return false;
    const int found = poll(&polled, 1, int(std::min<int64_t>(left, 1'000'000)));
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) return false;
  }
}

bool TimedSocket::write(const void* bytes, size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    if (!wait_for(POLLOUT)) return false;
    const ssize_t sent = send(descriptor_, at, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (sent <= 0) return false;
    at += sent;
    count -= size_t(sent);
  }
  return true;
}

bool TimedSocket::read(void* bytes, size_t count) {
  char* at = static_cast<char*>(bytes);
  while (count > 0) {
    if (!wait_for(POLLIN)) return false;
    const ssize_t got = recv(descriptor_, at, count, MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return false;
    at += got;
    count -= size_t(got);
  }
  return true;
}

}  // namespace aha::reward
