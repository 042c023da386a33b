// The handler only writes a byte; a thread of its own reads it and asks to stop. The handler stays when the work is
// done: a signal that comes while the program ends does not turn a run that is saved into one that was killed.
#include "verbs/stop_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "aha/core/error.h"
#include "aha/core/log.h"

namespace aha::tools {
namespace {

int pipe_ends[2] = {-1, -1};
volatile sig_atomic_t signals_seen = 0;

void on_signal(int signal) {
  signals_seen = signals_seen + 1;
  if (signals_seen > 1) _exit(128 + signal);
  const int saved = errno;
  const char byte = 1;
  [[maybe_unused]] const ssize_t written = ::write(pipe_ends[1], &byte, 1);
  errno = saved;
}

void set_handler() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

std::thread waiter;

}  // namespace

StopSignals::StopSignals() {
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) throw IoError("open", "a pipe for signals", errno);
  waiter = std::thread([source = source_]() mutable {
    char byte = 0;
    while (::read(pipe_ends[0], &byte, 1) < 0 && errno == EINTR) {
    }
    if (byte == 0) return;
    log::info("stopping: what is done is being saved; a second signal ends the program at once");
    source.request_stop();
  });
  set_handler();
}

StopSignals::~StopSignals() {
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = ::write(pipe_ends[1], &byte, 1);
  waiter.join();
}

}  // namespace aha::tools
