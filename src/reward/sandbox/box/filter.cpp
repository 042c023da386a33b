// Which system calls a program in a box may make: a list of those that computing, files and threads need; everything
// else does not exist there.
#include "reward/sandbox/box/filter.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <vector>

#include "reward/sandbox/box/descriptor.h"

namespace aha::box {
namespace {

constexpr const char* kAllowed[] = {
    // files
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "open",
    "openat", "creat", "close", "close_range", "stat", "fstat", "lstat", "newfstatat", "statx", "lseek", "access",
    "faccessat", "faccessat2", "readlink", "readlinkat", "getdents", "getdents64", "getcwd", "chdir", "fchdir", "mkdir",
    "mkdirat", "rmdir", "rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "symlink",
    "symlinkat", "umask", "truncate", "ftruncate", "fallocate", "fsync", "fdatasync", "dup", "dup2", "dup3", "poll",
    "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "eventfd", "eventfd2", "timerfd_create", "timerfd_settime", "timerfd_gettime", "pipe", "pipe2",
    "sendfile", "copy_file_range", "statfs", "fstatfs", "fadvise64", "readahead",
    // memory
    "munmap", "mremap", "mprotect", "madvise", "brk", "msync",
    // time and chance
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "alarm",
    "setitimer", "getitimer", "timer_create", "timer_settime", "timer_gettime", "timer_getoverrun", "timer_delete",
    "getrandom",
    // the process itself
    "exit", "exit_group", "getpid", "getppid", "gettid", "getpgrp", "getpgid", "getsid", "setsid", "setpgid", "getuid",
    "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups", "getrusage", "getrlimit", "getpriority",
    "capget", "uname", "sysinfo", "getcpu", "wait4", "waitid", "kill", "tkill", "tgkill", "rt_sigaction",
    "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait", "sigaltstack", "pause",
    "restart_syscall", "arch_prctl", "execve", "execveat",
    // threads
    "futex", "futex_waitv", "set_tid_address", "set_robust_list", "get_robust_list", "rseq", "membarrier",
    "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "sched_rr_get_interval",
    // pairs of sockets that reach nobody: event loops wake themselves through one
    "shutdown", "getsockopt", "getsockname", "getpeername"};

// Only where all files that can be named are the box's own.
constexpr const char* kOfOwnFiles[] = {"chmod", "fchmod", "fchmodat", "utime", "utimes", "utimensat", "futimesat"};

// Known to exist and not given: a clear "not permitted" where the rest answers "not implemented".
constexpr const char* kForbidden[] = {
    // the network, and descriptors handed over
    "socket", "connect", "bind", "listen", "accept", "accept4", "sendmsg", "sendmmsg", "recvmsg", "recvmmsg",
    "setsockopt",
    // other processes
    "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_open", "pidfd_getfd", "pidfd_send_signal",
    "process_madvise", "kcmp", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "setpriority", "setrlimit", "sched_setscheduler",
    "sched_setparam", "sched_setattr", "sched_setaffinity", "ioprio_set",
    // large parts of the kernel that no program here needs
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "io_setup",
    "inotify_init", "inotify_init1", "fanotify_init", "signalfd", "signalfd4", "vmsplice", "splice", "tee", "mbind",
    "set_mempolicy", "migrate_pages", "move_pages", "modify_ldt", "iopl", "ioperm", "personality", "seccomp",
    // what outlives a program, or is seen by others
    "keyctl", "add_key", "request_key", "memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "shmdt", "semget",
    "semop", "semctl", "semtimedop", "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink", "flock", "mlock",
    "mlock2", "mlockall",
    // the machine
    "unshare", "setns", "mount", "umount2", "move_mount", "open_tree", "fsopen", "fsmount", "fsconfig", "fspick",
    "mount_setattr", "chroot", "pivot_root", "open_by_handle_at", "name_to_handle_at", "init_module", "finit_module",
    "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff", "clock_settime", "clock_adjtime",
    "settimeofday", "adjtimex", "acct", "quotactl", "vhangup", "sethostname", "setdomainname",
    // rights and owners
    "mknod", "mknodat", "chown", "fchown", "lchown", "fchownat", "setxattr", "lsetxattr", "fsetxattr", "setuid",
    "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid", "setfsgid", "capset"};

constexpr uint64_t kNamespaceFlags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                                     CLONE_NEWUTS | CLONE_NEWCGROUP | 0x80 /* CLONE_NEWTIME */;

class FilterDraft {
 public:
  FilterDraft() : context_(seccomp_init(SCMP_ACT_ERRNO(ENOSYS))) {}
  ~FilterDraft() { seccomp_release(context_); }
  FilterDraft(const FilterDraft&) = delete;

  // A call that this machine does not have is left out, which is to forbid it.
  template <class... Conditions>
  void rule(uint32_t action, const char* name, Conditions... conditions) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call < 0) return;
    if (seccomp_rule_add(context_, action, call, sizeof...(conditions), conditions...) != 0) is_whole_ = false;
  }
  template <class... Conditions>
  void allow(const char* name, Conditions... conditions) {
    rule(SCMP_ACT_ALLOW, name, conditions...);
  }

  // Calls of other machines (32 bits, x32) kill.
  bool compile(std::vector<sock_filter>& program) {
    if (!context_ || !is_whole_) return false;
    if (seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) != 0) return false;
    seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a search tree, where the library has it
    Pipe pipe;
    if (!make_pipe(pipe) || seccomp_export_bpf(context_, pipe.write.get()) != 0) return false;
    pipe.write.close();
    sock_filter step;
    while (read_all(pipe.read.get(), &step, sizeof step)) program.push_back(step);
    return !program.empty();
  }

 private:
  scmp_filter_ctx context_;
  bool is_whole_ = true;
};

// The register holds 64 bits, the kernel reads 32 of them: conditions look at these alone.
scmp_arg_cmp low_is(unsigned argument, uint64_t value) {
  return SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, 0xffffffffu, value);
}

// Never clone3: its flags lie in memory, out of sight; libraries take clone where there is none.
void allow_processes(FilterDraft& draft, Profile profile) {
  const scmp_arg_cmp no_namespace = SCMP_A0(SCMP_CMP_MASKED_EQ, kNamespaceFlags, 0);
  if (profile == Profile::kCompile) {
    draft.allow("fork");
    draft.allow("vfork");
    draft.allow("clone", no_namespace);
    return;
  }
  draft.rule(SCMP_ACT_ERRNO(EAGAIN), "fork");
  draft.rule(SCMP_ACT_ERRNO(EAGAIN), "vfork");
  draft.allow("clone", SCMP_A0(SCMP_CMP_MASKED_EQ, kNamespaceFlags | CLONE_THREAD, CLONE_THREAD));
  draft.rule(SCMP_ACT_ERRNO(EAGAIN), "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
}

void allow_by_argument(FilterDraft& draft) {
  // No longer pipes, no locks that another box could see, no signals by terminal or by lease.
  for (const int command : {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETPIPE_SZ}) {
    draft.allow("fcntl", low_is(1, uint64_t(command)));
  }
  for (const unsigned long command : {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX}) {
    draft.allow("ioctl", low_is(1, command));
  }
  // Never PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_PTRACER, PR_SET_MM, …
  for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP,
                           PR_SET_TIMERSLACK, PR_SET_VMA}) {
    draft.allow("prctl", low_is(0, uint64_t(option)));
  }
  // Reads its own limits; raises that of its stack, which counts as its memory.
  draft.allow("prlimit64", low_is(0, 0), SCMP_A2(SCMP_CMP_EQ, 0));
  draft.allow("prlimit64", low_is(0, 0), low_is(1, RLIMIT_STACK), SCMP_A2(SCMP_CMP_NE, 0));
  // No shared memory: what lies behind a shared mapping stays when the mapping shrinks, and no limit counts it.
  draft.allow("mmap", SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_TYPE, MAP_PRIVATE));
  draft.rule(SCMP_ACT_ERRNO(ENOMEM), "mmap", SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_TYPE, MAP_SHARED));
  draft.allow("socketpair", low_is(0, AF_UNIX));
  draft.allow("sendto", SCMP_A4(SCMP_CMP_EQ, 0));  // to the other end, to no address
  draft.allow("recvfrom");
}

bool build(Profile profile, std::vector<sock_filter>& program) {
  FilterDraft draft;
  for (const char* name : kAllowed) draft.allow(name);
  for (const char* name : kForbidden) draft.rule(SCMP_ACT_ERRNO(EPERM), name);
  const uint32_t on_own_files = profile == Profile::kReadOnly ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_ALLOW;
  for (const char* name : kOfOwnFiles) draft.rule(on_own_files, name);
  allow_processes(draft, profile);
  allow_by_argument(draft);
  return draft.compile(program);
}

std::vector<sock_filter>& filter_of(Profile profile) {
  static std::vector<sock_filter> filters[3];
  return filters[int(profile)];
}

}  // namespace

bool build_filters() {
  for (const Profile profile : {Profile::kSingle, Profile::kCompile, Profile::kReadOnly}) {
    if (!build(profile, filter_of(profile))) return false;
  }
  return true;
}

bool apply_filter(Profile profile) {
  std::vector<sock_filter>& filter = filter_of(profile);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace aha::box
