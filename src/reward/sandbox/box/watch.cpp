// Watches a box from outside: feeds it, reads it up to its bound, keeps its time, and believes only its first process.
#include "reward/sandbox/box/watch.h"

#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "reward/sandbox/box/inside.h"
#include "reward/sandbox/box/process_tree.h"

namespace aha::box {
namespace {

constexpr double kMakingSeconds = 20;        // for a box to be made, on a machine that does everything else too
constexpr double kMostPatience = 4;          // times the limit: for a program that waits for a core
constexpr double kFairShare = 0.3;           // of the limit, on a core: who had so much was not kept waiting
constexpr double kMemoryLookSeconds = 0.02;  // between looks at processes that no cgroup bounds
constexpr int64_t kMostArtifactBytes = int64_t{32} << 20;

constexpr int kNoProgram = 126;  // as shells say it

double steady_seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

}  // namespace

Watch::Watch(const Stage& stage, const Request& request, pid_t process, std::string_view stdin_bytes, OuterEnds ends)
    : stage_(stage),
      request_(request),
      process_(process),
      pending_stdin_(stdin_bytes),
      ends_(std::move(ends)),
      began_(steady_seconds()),
      next_look_(began_ + kMakingSeconds) {
  outcome_.reply.cause = Cause::kExited;
  if (pending_stdin_.empty()) ends_.in.close();
}

bool Watch::has_started() const { return verdict_.size() >= sizeof(Started); }

void Watch::stop(Cause cause, const char* reason) {
  if (is_stopped_) return;
  is_stopped_ = true;
  outcome_.reply.cause = cause;
  if (has_started()) outcome_.reply.seconds = steady_seconds() - started_;
  snprintf(outcome_.reply.reason, sizeof outcome_.reply.reason, "%s", reason);
}

void Watch::until_end() {
  while (!is_over() && !is_stopped_) wait_once();
}

int Watch::wait_milliseconds() const {
  double until = next_look_;
  if (compiles(request_.job) && !stage_.group && has_started()) {
    until = std::min(until, steady_seconds() + kMemoryLookSeconds);
  }
  return int(std::clamp(std::ceil((until - steady_seconds()) * 1e3), 0.0, 1e6));
}

void Watch::wait_once() {
  pollfd polled[] = {{kSocket, POLLIN, 0},         {kOwner, POLLIN, 0},          {ends_.in.get(), POLLOUT, 0},
                     {ends_.out.get(), POLLIN, 0}, {ends_.err.get(), POLLIN, 0}, {ends_.verdict.get(), POLLIN, 0}};
  if (poll(polled, std::size(polled), wait_milliseconds()) < 0) return;
  if (polled[0].revents != 0 || (polled[1].revents & POLLIN)) _exit(1);  // nobody waits for this box any more
  if (polled[2].revents != 0) feed();
  if (polled[3].revents != 0) read_output(ends_.out, outcome_.stdout_bytes);
  if (polled[4].revents != 0) read_output(ends_.err, outcome_.stderr_bytes);
  if (polled[5].revents != 0) read_verdict();
  if (is_over() || is_stopped_) return;
  keep_time();
  keep_memory();
}

// Many programs end without reading everything; that is no fault.
void Watch::feed() {
  const ssize_t written = write(ends_.in.get(), pending_stdin_.data(), pending_stdin_.size());
  if (written < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (written > 0) pending_stdin_.remove_prefix(size_t(written));
  if (written < 0 || pending_stdin_.empty()) ends_.in.close();
}

void Watch::read_output(Descriptor& end, std::string& bytes) {
  char buffer[65536];
  const ssize_t got = read(end.get(), buffer, sizeof buffer);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end.close();
  const size_t room = size_t(request_.output_bytes) - bytes.size();
  bytes.append(buffer, std::min(size_t(got), room));
  if (size_t(got) > room) stop(Cause::kOutput, "wrote more than it may");
}

void Watch::read_verdict() {
  char buffer[65536];
  const bool had_started = has_started();
  const ssize_t got = read(ends_.verdict.get(), buffer, sizeof buffer);
  if (got < 0 && errno == EINTR) return;
  if (got <= 0) return ends_.verdict.close();
  verdict_.append(buffer, size_t(got));
  if (int64_t(verdict_.size()) > kMostArtifactBytes) return stop(Cause::kOutput, "compiles to more than 32 MB");
  if (had_started || !has_started()) return;
  started_ = steady_seconds();
  next_look_ = started_ + request_.timeout_seconds;
}

// The limit is by the clock. Where the machine is so loaded that the program had next to nothing of a core by then, and
// wanted one all the time, it is given more: a sleeper wants none, and threads that wait for each other have their sum.
void Watch::keep_time() {
  const double now = steady_seconds();
  if (now < next_look_) return;
  if (!has_started()) return stop(Cause::kInfra, "the box was not made in 20 s");
  const double elapsed = now - started_, limit = request_.timeout_seconds;
  const TreeUse use = measure_tree(stage_.proc.get(), process_);
  outcome_.reply.waited_seconds = use.waited_seconds;
  outcome_.reply.cpu_seconds = use.cpu_seconds;
  const bool had_its_share = use.cpu_seconds >= kFairShare * limit || elapsed - use.waited_seconds >= limit;
  if (had_its_share) return stop(Cause::kTimeout, "ran out of time");
  if (elapsed >= kMostPatience * limit) return stop(Cause::kInfra, "the machine gave the program no time on a core");
  next_look_ = std::min(now + std::max(0.1 * limit, 0.01), started_ + kMostPatience * limit);
}

void Watch::keep_memory() {
  if (!compiles(request_.job) || stage_.group || !has_started()) return;
  const TreeUse use = measure_tree(stage_.proc.get(), process_);
  outcome_.reply.peak_bytes = std::max(outcome_.reply.peak_bytes, use.resident_bytes);
  if (use.resident_bytes > request_.memory_bytes) stop(Cause::kMemory, "its processes took more memory than they may");
}

// A file that the kernel does not take for a program is the program's own fault, not the machine's.
void Watch::tell_why_not_started(const Started& started) {
  const std::string why = strerror(started.error_number);
  const std::string what(started.what, strnlen(started.what, sizeof started.what));
  if (what != "execve" || request_.job != Job::kNative) return stop(Cause::kInfra, (what + ": " + why).c_str());
  outcome_.reply.wait_status = W_EXITCODE(kNoProgram, 0);
  outcome_.stderr_bytes = "cannot be executed: " + why + "\n";
}

Outcome Watch::outcome(bool was_killed_for_memory) {
  Reply& reply = outcome_.reply;
  if (was_killed_for_memory && reply.cause != Cause::kInfra) reply.cause = Cause::kMemory;
  if (reply.cause == Cause::kExited) read_ended();
  return std::move(outcome_);
}

void Watch::read_ended() {
  Started started;
  Ended ended;
  if (verdict_.size() < sizeof started) return stop(Cause::kInfra, "the box ended before it was made");
  memcpy(&started, verdict_.data(), sizeof started);
  if (started.error_number != 0) return tell_why_not_started(started);
  if (verdict_.size() < sizeof started + sizeof ended) {
    return stop(Cause::kInfra, "the box's first process was killed");
  }
  memcpy(&ended, verdict_.data() + sizeof started, sizeof ended);
  Reply& reply = outcome_.reply;
  reply.wait_status = ended.wait_status;
  reply.seconds = ended.seconds;
  reply.cpu_seconds = ended.cpu_seconds;
  reply.peak_bytes = std::max(reply.peak_bytes, ended.peak_bytes);
  outcome_.artifact = verdict_.substr(sizeof started + sizeof ended);
}

}  // namespace aha::box
