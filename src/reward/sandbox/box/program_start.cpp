// The program of a box from its process's first moment to execve.
#include "reward/sandbox/box/program_start.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "reward/sandbox/box/filter.h"
#include "reward/sandbox/box/landlock.h"

namespace aha::box {
namespace {

constexpr int kProgramDescriptor = 3;
constexpr const char* kProgramThere = "/proc/self/fd/3";
constexpr rlim_t kMostThreadsOfABox = 64;
constexpr rlim_t kStackBytes = rlim_t{8} << 20;  // of each thread; a program may raise it for itself

[[noreturn]] void fail(int failed_end, const char* what) {
  Started message{errno ? errno : EINVAL, {}};
  strncpy(message.what, what, sizeof message.what - 1);
  (void)write_all(failed_end, &message, sizeof message);
  _exit(127);
}

bool limit(__rlimit_resource kind, rlim_t soft, rlim_t hard) {
  const rlimit values{soft, hard};
  return setrlimit(kind, &values) == 0;
}
bool limit(__rlimit_resource kind, rlim_t value) { return limit(kind, value, value); }

Profile profile_of(const Insides& insides) {
  if (insides.stage->tier == Tier::kLandlock) return Profile::kReadOnly;
  return compiles(insides.request->job) ? Profile::kCompile : Profile::kSingle;
}

bool set_limits(const Insides& insides) {
  const Request& request = *insides.request;
  const bool is_compiler = compiles(request.job);
  const rlim_t seconds = rlim_t(std::ceil(request.timeout_seconds));
  // A core file of one byte: also those that are handed to a program of the machine are not written then.
  return limit(RLIMIT_CORE, 1) && limit(RLIMIT_AS, rlim_t(request.memory_bytes)) &&
         limit(RLIMIT_STACK, kStackBytes, rlim_t(request.memory_bytes)) &&
         limit(RLIMIT_FSIZE, is_compiler ? rlim_t{64} << 20 : rlim_t{16} << 20) && limit(RLIMIT_NOFILE, 64) &&
         limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_SIGPENDING, 256) &&
         limit(RLIMIT_NICE, 0) && limit(RLIMIT_RTPRIO, 0) && limit(RLIMIT_CPU, seconds, seconds + 1) &&
         limit(RLIMIT_NPROC, kMostThreadsOfABox + insides.num_other_threads);
}

// What a parent ignored or blocked would stay so.
void reset_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

const char* first_there(const char* const (&paths)[2]) { return access(paths[0], X_OK) == 0 ? paths[0] : paths[1]; }

// Whether or not there are namespaces, which end with their first process.
void die_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
}

void execute(const Insides& insides) {
  // One heap for all threads: each of its own would reserve 64 MB of the memory allowed.
  const char* const environment[] = {"MALLOC_ARENA_MAX=1", "PATH=/usr/local/bin:/usr/bin:/bin",
                                     "HOME=/tmp",          "LANG=C.UTF-8",
                                     "PYTHONHASHSEED=0",   "PYTHONUTF8=1",
                                     "PYTHONSAFEPATH=1",   nullptr};
  const auto exec = [&environment](const char* const* words) {
    execve(words[0], const_cast<char**>(words), const_cast<char**>(environment));
  };
  const bool in_memory = insides.program_memory >= 0;
  const char* program = in_memory ? kProgramThere : program_path(insides.request->job);
  const char* python[] = {first_there(kPythonPaths), "-s", "-B", program, nullptr};
  const char* native[] = {"/box/program", nullptr};
  const char* c[] = {
      first_there(kCPaths),        "-x", "c",           "-std=gnu17", "-O2", "-w",   "-pipe", "-fmax-errors=20",
      "-fdiagnostics-color=never", "-o", kArtifactPath, program,      "-lm", nullptr};
  const char* cpp[] = {
      first_there(kCppPaths),      "-x", "c++",         "-std=gnu++20", "-O2",  "-w", "-pipe", "-fmax-errors=20",
      "-fdiagnostics-color=never", "-o", kArtifactPath, program,        nullptr};
  switch (insides.request->job) {
    case Job::kPython:
      return exec(python);
    case Job::kCompileC:
      return exec(c);
    case Job::kCompileCpp:
      return exec(cpp);
    case Job::kNative:
      break;
  }
  if (!in_memory) return exec(native);
  syscall(SYS_execveat, kProgramDescriptor, "", native, environment, AT_EMPTY_PATH);
}

}  // namespace

const char* program_path(Job job) {
  switch (job) {
    case Job::kPython:
      return "/box/program.py";
    case Job::kCompileC:
      return "/box/program.c";
    case Job::kCompileCpp:
      return "/box/program.cpp";
    case Job::kNative:
      break;
  }
  return "/box/program";
}

void start_program(const Insides& insides, int failed_end, pid_t parent) {
  die_with(parent);
  setsid();
  const bool has_namespaces = insides.stage->tier != Tier::kLandlock;
  if (chdir(has_namespaces ? "/tmp" : "/") != 0) fail(failed_end, "chdir");
  const int told = fcntl(failed_end, F_DUPFD_CLOEXEC, 16);
  int first_closed = kProgramDescriptor;
  if (insides.program_memory >= 0) {
    // Scripts are read by their name after the start.
    const int flags = insides.request->job == Job::kPython ? 0 : O_CLOEXEC;
    if (dup3(insides.program_memory, kProgramDescriptor, flags) < 0) fail(told, "dup3");
    first_closed = kProgramDescriptor + 1;
  }
  if (told < 0 || syscall(SYS_close_range, first_closed, told - 1, 0) != 0 ||
      syscall(SYS_close_range, told + 1, ~0U, 0) != 0) {
    fail(failed_end, "close_range");
  }
  reset_signals();
  if (!has_namespaces && !enter_landlock()) fail(told, "Landlock");
  if (!set_limits(insides)) fail(told, "setrlimit");
  if (!apply_filter(profile_of(insides))) fail(told, "seccomp");
  execute(insides);
  fail(told, "execve");
}

}  // namespace aha::box
