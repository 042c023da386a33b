// One run: makes a box, feeds and watches it from outside, and takes it down.
#include "reward/sandbox/box/run_box.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "reward/sandbox/box/inside.h"
#include "reward/sandbox/box/process_tree.h"
#include "reward/sandbox/box/watch.h"

namespace aha::box {
namespace {

constexpr unsigned long kBoxNamespaces =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
// Beside the program's own: files in memory, buffers, and the box's first process.
constexpr int64_t kGroupSlackBytes = int64_t{96} << 20, kCompileGroupSlackBytes = int64_t{256} << 20;

constexpr int kServersOfUser = 64;  // which hide from everybody, and so from us, whose they are

struct Ends {
  Pipe in, out, err, verdict, go;
  bool make() { return make_pipe(in) && make_pipe(out) && make_pipe(err) && make_pipe(verdict) && make_pipe(go); }
  void close_inner() {
    in.read.close();
    out.write.close();
    err.write.close();
    verdict.write.close();
    go.read.close();
  }
};

Outcome infra(const char* what, int error_number) {
  Outcome outcome;
  snprintf(outcome.reply.reason, sizeof outcome.reply.reason, "%s: %s", what, strerror(error_number));
  return outcome;
}

// Where no folder can be made the program is a descriptor; sealed, so that it stays what it is.
Descriptor program_in_memory(std::string_view program) {
  Descriptor file(memfd_create("program", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || !write_all(file.get(), program.data(), program.size())) return Descriptor();
  if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return Descriptor();
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

pid_t start_first_process(const Stage& stage, const Insides& insides) {
  const unsigned long flags = stage.tier == Tier::kLandlock ? 0 : kBoxNamespaces;
  const pid_t process = pid_t(syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  if (process == 0) live_inside(insides);
  return process;
}

// Inside user 1000 stands for the server's user, and there is no other.
bool give_user(const Stage& stage, pid_t process) {
  if (stage.tier == Tier::kLandlock) return true;
  const std::string folder = std::to_string(process) + "/";
  const int proc = stage.proc.get();
  return write_small(proc, (folder + "setgroups").c_str(), "deny") &&
         write_small(proc, (folder + "uid_map").c_str(), "1000 0 1") &&
         write_small(proc, (folder + "gid_map").c_str(), "1000 0 1");
}

// Returns when nothing of the box lives. A program without namespaces is ended by its parent's end, and comes here.
void bury(pid_t process) {
  kill(process, SIGKILL);
  while (waitpid(-1, nullptr, __WALL) > 0 || errno == EINTR) {
  }
}

void unblock(int descriptor) { fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK); }

bool limit_group(Stage& stage, const Request& request) {
  const int64_t slack = compiles(request.job) ? kCompileGroupSlackBytes : kGroupSlackBytes;
  const int64_t payload = request.program_bytes * 2 + request.stdin_bytes + request.output_bytes * 2;
  return !stage.group || stage.group.limit_memory(request.memory_bytes + slack + payload);
}

}  // namespace

Outcome run_box(Stage& stage, const Request& request, std::string_view program, std::string_view stdin_bytes) {
  Ends ends;
  if (!ends.make()) return infra("no pipes for a box", errno);
  Descriptor program_memory;
  if (stage.tier == Tier::kLandlock && !(program_memory = program_in_memory(program))) {
    return infra("no memory for the program", errno);
  }
  if (!limit_group(stage, request)) return infra("the cgroup's limit cannot be set", errno);
  const int64_t num_killed = stage.group ? stage.group.num_killed() : 0;
  const Insides insides{&stage,
                        &request,
                        program,
                        program_memory.get(),
                        stage.tier == Tier::kLandlock ? count_threads_of_user(stage.proc.get()) + kServersOfUser : 0,
                        ends.in.read.get(),
                        ends.out.write.get(),
                        ends.err.write.get(),
                        ends.verdict.write.get(),
                        ends.go.read.get()};
  const pid_t process = start_first_process(stage, insides);
  if (process < 0) return infra("no new namespaces for a box", errno);
  ends.close_inner();
  if (!give_user(stage, process) || !write_all(ends.go.write.get(), "", 1)) {
    const int why = errno;
    bury(process);
    return infra("the box gets no user", why);
  }
  for (const Descriptor* end : {&ends.in.write, &ends.out.read, &ends.err.read}) unblock(end->get());
  Watch watch(
      stage, request, process, stdin_bytes,
      {std::move(ends.in.write), std::move(ends.out.read), std::move(ends.err.read), std::move(ends.verdict.read)});
  watch.until_end();
  bury(process);
  const bool was_killed = stage.group && stage.group.num_killed() > num_killed;
  return watch.outcome(was_killed);
}

}  // namespace aha::box
