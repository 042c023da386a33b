// Opens settings of the running kernel for writing, without writing.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
int main(void) {
  const char* paths[] = {"/proc/sys/kernel/core_pattern",
                         "/proc/sys/kernel/modprobe",
                         "/proc/sysrq-trigger",
                         "/proc/sys/vm/overcommit_memory",
                         "/proc/sys/user/max_user_namespaces",
                         "/sys/kernel/uevent_helper",
                         "/sys/power/state",
                         "/proc/self/oom_score_adj",
                         "/proc/self/uid_map",
                         "/sys/fs/cgroup/pids/pids.max",
                         "/sys/fs/cgroup/memory/release_agent",
                         "/sys/fs/cgroup/cgroup.procs"};
  for (unsigned p = 0; p < sizeof paths / sizeof *paths; ++p)
    if (open(paths[p], O_WRONLY) >= 0) printf("ESCAPED: may write %s\n", paths[p]);
}
