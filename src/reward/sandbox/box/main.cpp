// aha_box: a server that makes boxes for one owner, one at a time. Without arguments it is the canary, a program that
// tries to get out of the box it is run in.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "reward/sandbox/box/canary.h"
#include "reward/sandbox/box/filter.h"
#include "reward/sandbox/box/run_box.h"

namespace aha::box {
namespace {

void say_hello(const Stage& stage, const std::string& why) {
  Hello hello;
  hello.works = why.empty();
  snprintf(hello.finding, sizeof hello.finding, "%s", why.c_str());
  snprintf(hello.memory_group, sizeof hello.memory_group, "%s", stage.group.memory_folder().c_str());
  snprintf(hello.process_group, sizeof hello.process_group, "%s", stage.group.process_folder().c_str());
  if (!write_all(kSocket, &hello, sizeof hello) || !why.empty()) _exit(1);
}

// False when the owner has ended or wants no more.
bool wait_for_request() {
  pollfd polled[] = {{kSocket, POLLIN, 0}, {kOwner, POLLIN, 0}};
  while (poll(polled, 2, -1) < 0) {
  }
  return (polled[0].revents & POLLIN) && !(polled[1].revents & POLLIN);
}

void read_bytes(std::string& bytes, int64_t count, int64_t most) {
  if (count < 0 || count > most) _exit(1);
  bytes.resize(size_t(count));
  if (!read_all(kSocket, bytes.data(), bytes.size())) _exit(1);
}

void answer(Outcome& outcome) {
  Reply& reply = outcome.reply;
  reply.stdout_bytes = int64_t(outcome.stdout_bytes.size());
  reply.stderr_bytes = int64_t(outcome.stderr_bytes.size());
  reply.artifact_bytes = int64_t(outcome.artifact.size());
  const bool is_sent = write_all(kSocket, &reply, sizeof reply) &&
                       write_all(kSocket, outcome.stdout_bytes.data(), outcome.stdout_bytes.size()) &&
                       write_all(kSocket, outcome.stderr_bytes.data(), outcome.stderr_bytes.size()) &&
                       write_all(kSocket, outcome.artifact.data(), outcome.artifact.size());
  if (!is_sent) _exit(1);
}

[[noreturn]] void serve(Tier tier, int owner, int slot) {
  prctl(PR_SET_NAME, "aha_box");
  signal(SIGPIPE, SIG_IGN);
  syscall(SYS_close_range, kOwner + 1, ~0U, 0);
  Stage stage;
  std::string why = build_filters() ? "" : "libseccomp cannot build the filter";
  if (why.empty()) why = enter_stage(stage, tier, owner, slot);
  say_hello(stage, why);
  while (wait_for_request()) {
    Request request;
    std::string program, stdin_bytes;
    if (!read_all(kSocket, &request, sizeof request)) break;
    read_bytes(program, request.program_bytes, kMostProgramBytes);
    read_bytes(stdin_bytes, request.stdin_bytes, kMostStdinBytes);
    Outcome outcome = run_box(stage, request, program, stdin_bytes);
    answer(outcome);
  }
  _exit(0);
}

}  // namespace
}  // namespace aha::box

int main(int argc, char** argv) {
  if (argc == 1) return aha::box::try_to_get_out();
  if (argc != 4) return 2;
  aha::box::serve(aha::box::Tier(atoi(argv[1])), atoi(argv[2]), atoi(argv[3]));
}
