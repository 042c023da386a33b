// One server of boxes: a process of its own that sees nothing of this one's memory, files or descriptors.
#include "reward/sandbox/box_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "reward/sandbox/box_program.h"
#include "reward/sandbox/timed_socket.h"

namespace aha::reward {
namespace {

constexpr double kHelloSeconds = 30;
// Beyond the box's own patience: making it, and handing over what it read.
constexpr double kAnswerSlackSeconds = 60;

BoxAnswer infra_answer(const std::string& reason) {
  BoxAnswer answer;
  std::snprintf(answer.reply.reason, sizeof answer.reply.reason, "%s", reason.c_str());
  return answer;
}

bool is_plausible(const box::Reply& reply, const box::Request& request) {
  return reply.stdout_bytes >= 0 && reply.stdout_bytes <= request.output_bytes && reply.stderr_bytes >= 0 &&
         reply.stderr_bytes <= request.output_bytes && reply.artifact_bytes >= 0 &&
         reply.artifact_bytes <= box::kMostProgramBytes;
}

bool read_string(TimedSocket& socket, std::string& text, int64_t count) {
  text.resize(size_t(count));
  return socket.read(text.data(), text.size());
}

bool exchange(TimedSocket& socket, const box::Request& request, std::string_view program, std::string_view stdin_bytes,
              BoxAnswer& answer) {
  return socket.write(&request, sizeof request) && socket.write(program.data(), program.size()) &&
         socket.write(stdin_bytes.data(), stdin_bytes.size()) && socket.read(&answer.reply, sizeof answer.reply) &&
         is_plausible(answer.reply, request) && read_string(socket, answer.stdout_bytes, answer.reply.stdout_bytes) &&
         read_string(socket, answer.stderr_bytes, answer.reply.stderr_bytes) &&
         read_string(socket, answer.artifact, answer.reply.artifact_bytes);
}

}  // namespace

std::string BoxServer::spawn() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return std::strerror(errno);
  // Tells the server when this process has ended, whoever else may have inherited the socket.
  const int self = int(syscall(SYS_pidfd_open, getpid(), 0));
  const int error = errno;
  const BoxProgramStart start{.socket = above_standard(ends[1]),
                              .owner = above_standard(self),
                              .words = {std::to_string(int(tier_)), std::to_string(getpid()), std::to_string(slot_)}};
  const std::string why =
      self < 0 ? std::string("pidfd_open: ") + std::strerror(error) : start_box_program(start, process_);
  for (const int number : {ends[1], self, start.socket, start.owner}) {
    if (number >= 0) close(number);
  }
  socket_ = ends[0];
  return why;
}

std::string BoxServer::read_hello() {
  TimedSocket socket(socket_, kHelloSeconds);
  hello_ = {};
  if (!socket.read(&hello_, sizeof hello_)) return "the program that makes boxes does not answer";
  hello_.finding[sizeof hello_.finding - 1] = '\0';
  return hello_.works ? "" : hello_.finding;
}

std::string BoxServer::start() {
  if (process_ > 0) return "";
  std::string why = spawn();
  if (why.empty()) why = read_hello();
  if (!why.empty()) stop();
  return why;
}

BoxAnswer BoxServer::ask(box::Request request, std::string_view program, std::string_view stdin_bytes) {
  if (int64_t(program.size()) > box::kMostProgramBytes || int64_t(stdin_bytes.size()) > box::kMostStdinBytes) {
    return infra_answer("the program or its input is larger than a box takes");
  }
  if (const std::string why = start(); !why.empty()) return infra_answer(why);
  request.program_bytes = int64_t(program.size());
  request.stdin_bytes = int64_t(stdin_bytes.size());
  TimedSocket socket(socket_, 5 * request.timeout_seconds + kAnswerSlackSeconds);
  BoxAnswer answer;
  if (exchange(socket, request, program, stdin_bytes, answer)) return answer;
  stop();
  return infra_answer("the server of boxes broke off");
}

void BoxServer::remove_groups() {
  for (const char* folder : {hello_.memory_group, hello_.process_group}) {
    if (folder[0] == '/') rmdir(folder);
  }
  hello_ = {};
}

void BoxServer::stop() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
  if (process_ <= 0) return;
  kill(process_, SIGKILL);  // its box dies with it
  while (waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  remove_groups();
}

}  // namespace aha::reward
