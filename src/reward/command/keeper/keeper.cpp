// Stands between aha and a program of the user's: starts it, and ends it together with everything it has started, as
// soon as aha asks for that or is gone. A program of its own, so that no memory of a trainer is copied, and that a
// program which kills its parent does not kill the run.
//
//   keeper ADDRESS_SPACE_BYTES|0 PROGRAM [ARGUMENT…]     0, 1, 2: the program's · 3: messages
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "reward/command/keeper/keeper_message.h"

namespace {

using aha::reward::keeper::kControl;
using aha::reward::keeper::Message;

constexpr int kMaxId = 1 << 22;  // of a process, on any Linux
constexpr int kMaxProcesses = 1 << 16;
constexpr long kFirstPause = 500'000, kLongestPause = 64'000'000;  // nanoseconds between two rounds of killing
constexpr int kLookMilliseconds = 500;  // how often it looks whether aha is there, should the socket not tell

struct Process {
  pid_t id, parent;
};
Process processes[kMaxProcesses];
bool is_below[kMaxId + 1];  // by id: it descends from the keeper

void tell(int kind, int value) {
  const Message message = {kind, value};
  while (send(kControl, &message, sizeof(message), MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

void write_text(const char* path, const char* text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  [[maybe_unused]] const ssize_t written = write(file, text, strlen(text));
  close(file);
}

[[noreturn]] void become(long long address_space, char** command, pid_t keeper) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) _exit(1);
  setsid();
  write_text("/proc/self/oom_score_adj", "1000");  // where memory runs out, this goes before the trainer
  const rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  if (address_space > 0) {
    const rlimit limit = {static_cast<rlim_t>(address_space), static_cast<rlim_t>(address_space)};
    setrlimit(RLIMIT_AS, &limit);
  }
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_UNBLOCK, &all, nullptr);
  execvp(command[0], command);
  tell(Message::kNotStarted, errno);
  _exit(127);
}

// Fourth field of /proc/ID/stat; the second is a name in brackets, of any characters.
pid_t parent_of(pid_t id) {
  char path[64], text[1024];
  snprintf(path, sizeof(path), "/proc/%d/stat", id);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  const ssize_t length = read(file, text, sizeof(text) - 1);
  close(file);
  if (length <= 0) return -1;
  text[length] = 0;
  const char* bracket = strrchr(text, ')');
  int parent = -1;
  char state = 0;
  if (!bracket || sscanf(bracket + 1, " %c %d", &state, &parent) != 2) return -1;
  return parent;
}

int list_processes() {
  DIR* folder = opendir("/proc");
  if (!folder) return 0;
  int count = 0;
  while (const dirent* entry = readdir(folder)) {
    const pid_t id = atoi(entry->d_name);
    if (id <= 0 || id > kMaxId || count == kMaxProcesses) continue;
    is_below[id] = false;
    processes[count++] = {id, parent_of(id)};
  }
  closedir(folder);
  return count;
}

// All that descend from the keeper. What they start meanwhile is found in the next round.
void kill_descendants() {
  const int count = list_processes();
  is_below[getpid()] = true;
  for (bool has_grown = true; has_grown;) {
    has_grown = false;
    for (int i = 0; i < count; ++i) {
      const Process& process = processes[i];
      if (process.parent <= 0 || is_below[process.id] || !is_below[process.parent]) continue;
      is_below[process.id] = has_grown = true;
    }
  }
  for (int i = 0; i < count; ++i) {
    if (is_below[processes[i].id] && processes[i].id != getpid()) kill(processes[i].id, SIGKILL);
  }
}

// Tells of the program's end. True if that had come.
bool reap(pid_t program) {
  bool has_ended = false;
  int status = 0;
  for (pid_t id; (id = waitpid(-1, &status, WNOHANG)) > 0;) {
    if (id != program) continue;
    has_ended = true;
    tell(Message::kEnded, status);
  }
  return has_ended;
}

// Orphans of the program become children of the keeper: when it has none, nothing is left. The group is killed in one
// step as long as its number cannot mean another one.
void end_all(pid_t program, bool has_ended) {
  for (long pause = kFirstPause;; pause = pause < kLongestPause ? 2 * pause : pause) {
    if (!has_ended) kill(-program, SIGKILL);
    kill_descendants();
    pid_t id;
    while ((id = waitpid(-1, nullptr, WNOHANG)) > 0) has_ended |= id == program;
    if (id < 0 && errno == ECHILD) return;
    const timespec time = {0, pause};
    nanosleep(&time, nullptr);
  }
}

int signals_of_children() {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Until aha says something, closes its end, or is gone. True if the program has ended before.
bool watch(pid_t program, pid_t aha, int signals) {
  for (bool has_ended = false;;) {
    pollfd waits[] = {{kControl, POLLIN, 0}, {signals, POLLIN, 0}};
    poll(waits, 2, kLookMilliseconds);
    signalfd_siginfo seen;
    while (read(signals, &seen, sizeof(seen)) > 0) {
    }
    has_ended |= reap(program);
    if (waits[0].revents != 0 || getppid() != aha) return has_ended;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const pid_t aha = getppid(), self = getpid();
  syscall(SYS_close_range, kControl + 1, ~0U, 0);
  fcntl(kControl, F_SETFD, FD_CLOEXEC);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const int signals = signals_of_children();
  const pid_t program = fork();
  if (program < 0) {
    tell(Message::kNotStarted, errno);
    return 1;
  }
  if (program == 0) become(atoll(argv[1]), argv + 2, self);
  tell(Message::kStarted, program);
  const int nothing = open("/dev/null", O_RDWR);
  for (int end = 0; end < 3; ++end) dup2(nothing, end);
  if (chdir("/") != 0) return 1;
  end_all(program, watch(program, aha, signals));
  tell(Message::kAllEnded, 0);
  return 0;
}
