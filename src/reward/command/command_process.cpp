// One poll serves all ends, so that neither side waits for the other with a full pipe.
#include "reward/command/command_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "aha/core/error.h"
#include "aha/core/log.h"
#include "reward/command/command_failure.h"
#include "reward/command/keeper/keeper_message.h"
#include "reward/command/leftovers.h"
#include "reward/command/quiet_write.h"

namespace aha::reward {
namespace {

using std::chrono::milliseconds;

constexpr size_t kShownAnswer = 80;          // bytes of an answer in an error
constexpr int kStopMilliseconds = 50;        // how soon a stop is seen
constexpr milliseconds kTimeToTell{200};     // until the end of a program that fell silent is known
constexpr milliseconds kTimeOfKeeper{1200};  // to kill all
constexpr milliseconds kTimeOfForce{600};    // to kill all, where the keeper was killed
constexpr milliseconds kPauseOfForce{2};

std::string status_text(int status) {
  if (!WIFSIGNALED(status)) return "ended with exit code " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  return "was ended by signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

// What is there now: empty at the end, nothing where there is nothing yet.
std::optional<std::string> read_now(int end) {
  std::array<char, size_t{1} << 16> bytes;
  const ssize_t count = ::read(end, bytes.data(), bytes.size());
  if (count >= 0) return std::string(bytes.data(), static_cast<size_t>(count));
  if (errno == EAGAIN || errno == EINTR) return std::nullopt;
  return std::string();
}

bool has_unread(int pipe_end) {
  int count = 0;
  return ::ioctl(pipe_end, FIONREAD, &count) == 0 && count > 0;
}

bool has_no_reader(int pipe_end) {
  pollfd end = {pipe_end, 0, 0};
  return ::poll(&end, 1, 0) == 1 && (end.revents & POLLERR) != 0;
}

std::string shown_command(const std::vector<std::string>& command) {
  return nlohmann::json(command).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

CommandProcess::CommandProcess(const CommandLaunch& launch) : mark_(make_mark()), log_(launch.name) {
  log::info("reward " + launch.name + " starts " + shown_command(launch.command));
  start_keeper(launch, mark_, ends_);
}

CommandProcess::~CommandProcess() {
  log_.end_batch();
  if (!end_by_keeper()) end_by_force();
}

std::string CommandProcess::exchange(const std::string& line, const Limits& limits) {
  answer_.clear();
  is_asked_ = false;
  try {
    std::string answer = ask(line, limits);
    log_.end_batch();
    return answer;
  } catch (...) {
    log_.end_batch();
    throw;
  }
}

std::string CommandProcess::ask(const std::string& line, const Limits& limits) {
  send(line, limits);
  size_t end;
  while ((end = answer_.find('\n')) == std::string::npos) {
    if (is_gone()) fail_silent(limits);
    serve(false, kStopMilliseconds, limits);
  }
  if (end + 1 != answer_.size()) {
    throw CommandFailure("answered with more than one line; what is no answer belongs on its stderr");
  }
  has_answered_ = true;
  return answer_.substr(0, end);
}

// The end of the line goes out last, when the program has taken in all before it: what it has written by then is no
// answer to this line, and would shift all that follow by one.
void CommandProcess::send(const std::string& line, const Limits& limits) {
  serve(false, 0, limits);
  std::string_view left = line;
  while (!left.empty()) {
    if (is_gone()) fail_silent(limits);
    const ssize_t written = quiet_write(ends_.requests.get(), left);
    if (written > 0) left.remove_prefix(static_cast<size_t>(written));
    if (written < 0 && errno != EAGAIN && errno != EINTR) fail_silent(limits);
    serve(written < 0, written < 0 ? kStopMilliseconds : 0, limits);
  }
  for (int pause = 1; has_unread(ends_.requests.get()); pause = std::min(2 * pause, 16)) {
    if (is_gone() || has_no_reader(ends_.requests.get())) fail_silent(limits);
    serve(false, pause, limits);
  }
  serve(false, 0, limits);
  is_asked_ = true;
  quiet_write(ends_.requests.get(), "\n");  // the pipe is empty: it has room, or no reader, which shows in serve()
}

void CommandProcess::serve(bool wants_to_write, int most_milliseconds, const Limits& limits) {
  if (limits.stop.stop_requested()) throw StoppedError("stopped as asked, while completions were judged");
  const auto left = std::chrono::ceil<milliseconds>(limits.deadline - Clock::now()).count();
  if (left <= 0) {
    CommandFailure failure("did not answer in time; timeout_seconds is that of a batch, the program's start included");
    failure.has_timed_out = true;
    throw failure;
  }
  const int requests = wants_to_write ? ends_.requests.get() : -1;
  std::array<pollfd, 4> waits = {pollfd{ends_.answers.get(), POLLIN, 0}, pollfd{ends_.errors.get(), POLLIN, 0},
                                 pollfd{ends_.control.get(), POLLIN, 0}, pollfd{requests, POLLOUT, 0}};
  ::poll(waits.data(), waits.size(), static_cast<int>(std::min<int64_t>(left, most_milliseconds)));
  if (waits[1].revents != 0) take_errors();
  if (waits[0].revents != 0) take_answer(limits);
  if (waits[2].revents != 0) take_messages(limits);
}

void CommandProcess::take_answer(const Limits& limits) {
  const std::optional<std::string> bytes = read_now(ends_.answers.get());
  if (!bytes) return;
  if (bytes->empty()) ends_.answers.close();
  answer_ += *bytes;
  if (!is_asked_ && !answer_.empty()) {
    throw CommandFailure("wrote `" + shortened_visible(answer_, kShownAnswer) +
                         "` before it was asked; its stdout takes answers alone, one line a request");
  }
  if (answer_.size() > limits.answer_bytes) {
    throw CommandFailure("wrote more than " + std::to_string(limits.answer_bytes) + " bytes for one answer: `" +
                         shortened_visible(answer_, kShownAnswer) + "`");
  }
}

void CommandProcess::take_errors() {
  const std::optional<std::string> bytes = read_now(ends_.errors.get());
  if (!bytes) return;
  log_.take(*bytes);
  if (bytes->empty()) ends_.errors.close();
}

void CommandProcess::take_messages(const Limits& limits) {
  keeper::Message message;
  const ssize_t count = ::recv(ends_.control.get(), &message, sizeof(message), 0);
  if (count < 0) return;
  if (count != sizeof(message)) throw CommandFailure("killed the process that it runs under");
  switch (message.kind) {
    case keeper::Message::kStarted:
      program_ = message.value;
      break;
    case keeper::Message::kNotStarted:
      throw CommandFailure(std::string("cannot be started: ") + std::strerror(message.value));
    case keeper::Message::kEnded:
      has_ended_ = true;
      status_ = message.value;
      // What it wrote before it ended is in the pipe; others may still hold the other end.
      for (int64_t i = 0; i < 64 && ends_.errors.is_open() && has_unread(ends_.errors.get()); ++i) take_errors();
      while (ends_.answers.is_open() && has_unread(ends_.answers.get())) take_answer(limits);
      break;
  }
}

// Its end may be a moment away, and tells more than its silence.
void CommandProcess::fail_silent(const Limits& limits) {
  const Clock::time_point until = Clock::now() + kTimeToTell;
  while (!has_ended_ && Clock::now() < until) serve(false, 20, limits);
  log_.end_batch();
  const std::string last = log_.last_line().empty() ? "" : "; its last words: " + log_.last_line();
  CommandFailure failure(has_ended_ ? status_text(status_) + " before it had answered" + last
                                    : "closed its stdin or stdout, and can answer nothing more");
  failure.was_gone = has_answered_ && !is_asked_;
  throw failure;
}

// True if the keeper has told that nothing is left.
bool CommandProcess::end_by_keeper() {
  const Clock::time_point until = Clock::now() + kTimeOfKeeper;
  ::send(ends_.control.get(), "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
    if (left <= 0) return false;
    pollfd wait = {ends_.control.get(), POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(left)) <= 0) continue;
    keeper::Message message;
    const ssize_t count = ::recv(ends_.control.get(), &message, sizeof(message), 0);
    if (count < 0) continue;
    if (count != sizeof(message)) return false;
    if (message.kind == keeper::Message::kStarted) program_ = message.value;
    if (message.kind != keeper::Message::kAllEnded) continue;
    ::waitpid(ends_.keeper, nullptr, 0);
    return true;
  }
}

// The keeper was killed, stopped, or has met a process that cannot be killed now.
void CommandProcess::end_by_force() {
  ::kill(ends_.keeper, SIGKILL);
  const Clock::time_point until = Clock::now() + kTimeOfForce;
  bool is_reaped = false, is_clean = false;
  while (!(is_reaped && is_clean) && Clock::now() < until) {
    is_reaped = is_reaped || ::waitpid(ends_.keeper, nullptr, WNOHANG) != 0;
    is_clean = kill_leftovers(mark_, program_) == 0 && is_reaped;
    std::this_thread::sleep_for(kPauseOfForce);
  }
  if (is_clean) return;
  log::warning("processes that a command has started do not end; those with " + mark_ +
               " in their environment are its");
}

}  // namespace aha::reward
