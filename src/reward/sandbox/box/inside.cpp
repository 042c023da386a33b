// The first process of a box: makes the place, starts the program, and tells how it ended on a descriptor that only
// it holds.
#include "reward/sandbox/box/inside.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "reward/sandbox/box/program_start.h"
#include "reward/sandbox/box/root_folder.h"

namespace aha::box {
namespace {

constexpr int kVerdict = 3, kGo = 4;
constexpr int64_t kScratchBytes = int64_t{16} << 20, kCompileScratchBytes = int64_t{128} << 20;
constexpr int kScratchFiles = 1024;

[[noreturn]] void give_up(const char* what) {
  Started message{errno ? errno : EINVAL, {}};
  strncpy(message.what, what, sizeof message.what - 1);
  (void)write_all(kVerdict, &message, sizeof message);
  _exit(1);
}

double now_seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9;
}

// Numbers 0 to 4 (and 5, the program) and nothing else of what the server holds.
Insides keep_own_descriptors(const Insides& given) {
  const int ends[] = {given.stdin_end,   given.stdout_end, given.stderr_end,
                      given.verdict_end, given.go_end,     given.program_memory};
  Insides kept = given;
  const int count = given.program_memory >= 0 ? 6 : 5;
  int high[6];
  for (int i = 0; i < count; ++i) high[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 64);
  for (int i = 0; i < count; ++i) {
    if (dup3(high[i], i, i < 3 ? 0 : O_CLOEXEC) < 0) _exit(1);
  }
  if (syscall(SYS_close_range, count, ~0U, 0) != 0) _exit(1);
  if (given.program_memory >= 0) kept.program_memory = 5;
  return kept;
}

void wait_for_go() {
  char go;
  if (!read_all(kGo, &go, 1)) _exit(1);  // the server has ended
  close(kGo);
}

// Also where the trainer may use memory without bounds, boxes are what the kernel kills first.
void be_first_to_go(int proc) { write_small(proc, "self/oom_score_adj", "1000"); }

void put_program(const Insides& insides) {
  const int64_t bytes = (int64_t(insides.program.size()) / 4096 + 2) * 4096;
  if (!mount_memory("/box", bytes, 16, true)) give_up("mount /box");
  const Descriptor file(open(program_path(insides.request->job), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0555));
  if (!file || !write_all(file.get(), insides.program.data(), insides.program.size())) give_up("write the program");
}

void make_place(const Insides& insides) {
  if (sethostname("box", 3) != 0) give_up("sethostname");
  put_program(insides);
  if (!make_read_only("/box")) give_up("make /box read-only");
  const int64_t scratch = compiles(insides.request->job) ? kCompileScratchBytes : kScratchBytes;
  if (!mount_memory("/tmp", scratch, kScratchFiles, false)) give_up("mount /tmp");
}

void drop_rights() {
  for (unsigned long capability = 0; capability < 64; ++capability) prctl(PR_CAPBSET_DROP, capability);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (syscall(SYS_capset, &header, none) != 0) give_up("capset");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up("no_new_privs");
  prctl(PR_SET_DUMPABLE, 0);  // nobody reads or writes this process
}

pid_t start(const Insides& insides) {
  Pipe failed;
  if (!make_pipe(failed)) give_up("pipe");
  const pid_t parent = getpid(), program = fork();
  if (program < 0) give_up("fork");
  if (program == 0) start_program(insides, failed.write.get(), parent);
  failed.write.close();
  Started started;
  // The other end closes by itself where the program starts.
  if (!read_all(failed.read.get(), &started, sizeof started)) started = {};
  if (!write_all(kVerdict, &started, sizeof started) || started.error_number != 0) _exit(1);
  for (int number = 0; number < 3; ++number) close(number);
  return program;
}

double seconds_of(const timeval& time) { return double(time.tv_sec) + double(time.tv_usec) * 1e-6; }

// Orphans of the program are waited for too; when it has ended, so have they.
Ended wait_for(pid_t program, bool is_alone, double start_seconds) {
  Ended ended;
  for (;;) {
    int status = 0;
    rusage usage = {};
    const pid_t child = wait4(-1, &status, __WALL, &usage);
    if (child < 0 && errno == EINTR) continue;
    if (child < 0) return ended;
    if (child != program) continue;
    ended = {status, 0, now_seconds() - start_seconds, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
             int64_t(usage.ru_maxrss) * 1024};
    if (is_alone) kill(-1, SIGKILL);
  }
}

void send_artifact() {
  const Descriptor file(open(kArtifactPath, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat facts;
  if (!file || fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) return;
  char buffer[65536];
  for (;;) {
    const ssize_t got = read(file.get(), buffer, sizeof buffer);
    if (got <= 0 || !write_all(kVerdict, buffer, size_t(got))) return;
  }
}

}  // namespace

void live_inside(const Insides& given) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  be_first_to_go(given.stage->proc.get());
  const Insides insides = keep_own_descriptors(given);
  wait_for_go();
  const bool has_namespaces = insides.stage->tier != Tier::kLandlock;
  if (has_namespaces) make_place(insides);
  drop_rights();
  const double start_seconds = now_seconds();
  const pid_t program = start(insides);
  const Ended ended = wait_for(program, has_namespaces, start_seconds);
  (void)write_all(kVerdict, &ended, sizeof ended);
  const bool is_made = WIFEXITED(ended.wait_status) && WEXITSTATUS(ended.wait_status) == 0;
  if (is_made && compiles(insides.request->job)) send_artifact();
  _exit(0);
}

}  // namespace aha::box
