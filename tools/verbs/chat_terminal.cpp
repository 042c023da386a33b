// Waits for stdin and for Ctrl-C at once: the handler writes a byte into a pipe, so that none is missed, whichever
// thread it runs on and whenever it comes. Writes every piece of an answer at once.
#include "verbs/chat_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "aha/core/error.h"
#include "core/utf8.h"

namespace aha::tools {
namespace {

constexpr size_t kMaxLineBytes = 16'000'000;
constexpr char kDim[] = "\x1b[2m", kPlain[] = "\x1b[0m";

volatile sig_atomic_t interrupts_seen = 0;
int interrupt_pipe[2] = {-1, -1};

void on_interrupt(int signal) {
  interrupts_seen = interrupts_seen + 1;
  if (interrupts_seen < 2) {
    const int saved = errno;
    [[maybe_unused]] const ssize_t written = ::write(interrupt_pipe[1], "!", 1);
    errno = saved;
    return;
  }
  if (isatty(STDOUT_FILENO)) {
    [[maybe_unused]] const ssize_t written = ::write(STDOUT_FILENO, "\x1b[0m\n", 5);
  }
  _exit(128 + signal);
}

// Bytes that are no UTF-8 become U+FFFD: models write them, and readers of a pipe choke on them.
std::string well_formed(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8::character_length(text, i);
    out += length == 0 ? "\xEF\xBF\xBD" : text.substr(i, length);
    i += std::max<size_t>(length, 1);
  }
  return out;
}

void set_interrupt_handler(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

// @return whether there was any
bool take_interrupts() {
  char bytes[16];
  bool any = false;
  while (::read(interrupt_pipe[0], bytes, sizeof(bytes)) > 0) any = true;
  return any;
}

// Until stdin has something to read. @return false if Ctrl-C came first
bool wait_for_input() {
  pollfd waited[2] = {{STDIN_FILENO, POLLIN, 0}, {interrupt_pipe[0], POLLIN, 0}};
  while (::poll(waited, 2, -1) < 0) {
    if (errno != EINTR) throw IoError("wait for", "stdin", errno);
  }
  return !take_interrupts();
}

}  // namespace

Interrupts::Interrupts() {
  if (::pipe2(interrupt_pipe, O_CLOEXEC | O_NONBLOCK) != 0) throw IoError("open", "a pipe for Ctrl-C", errno);
  interrupts_seen = 0;
  set_interrupt_handler(on_interrupt);
}
Interrupts::~Interrupts() {
  set_interrupt_handler(SIG_DFL);
  for (int& end : interrupt_pipe) ::close(std::exchange(end, -1));
}
int Interrupts::count() const { return interrupts_seen; }
void Interrupts::reset() { interrupts_seen = 0; }

ChatInput::ChatInput() : is_terminal_(isatty(STDIN_FILENO) == 1) {}

bool ChatInput::take_line(std::string& line) {
  const size_t end = buffer_.find('\n');
  if (end == std::string::npos && !(at_end_ && !buffer_.empty())) return false;
  line = buffer_.substr(0, end);
  buffer_.erase(0, end == std::string::npos ? end : end + 1);
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

ChatInput::Event ChatInput::next(std::string& line) {
  take_interrupts();  // they were meant for the answer before
  if (is_terminal_) {
    std::fputs("> ", stderr);
    std::fflush(stderr);
  }
  char chunk[4096];
  while (!take_line(line)) {
    if (at_end_) return Event::kEnd;
    if (!wait_for_input()) return Event::kInterrupt;
    const ssize_t count = ::read(STDIN_FILENO, chunk, sizeof(chunk));
    if (count < 0) throw IoError("read", "stdin", errno);
    at_end_ = count == 0;
    buffer_.append(chunk, static_cast<size_t>(count));
    if (buffer_.size() > kMaxLineBytes && buffer_.find('\n') == std::string::npos) {
      throw InputError("stdin", "has a line of more than 16 MB; ask shorter questions");
    }
  }
  return Event::kLine;
}

ChatOutput::ChatOutput() : is_terminal_(isatty(STDOUT_FILENO) == 1) {}

void ChatOutput::put(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw IoError("write", "stdout", errno);
  }
}

void ChatOutput::write(const data::TextPiece& piece) {
  if (!is_terminal_) return put(well_formed(piece.text));
  if (piece.text.empty()) return;
  std::string text = piece.is_thought == is_dim_ ? "" : piece.is_thought ? kDim : kPlain;
  is_dim_ = piece.is_thought;
  put(text + utf8::visible(piece.text));
}

void ChatOutput::end() {
  put(is_dim_ ? std::string(kPlain) + "\n" : "\n");
  is_dim_ = false;
}

}  // namespace aha::tools
