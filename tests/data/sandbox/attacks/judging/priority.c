// Puts itself before all others.
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  const struct sched_param first = {.sched_priority = 1};
  const int disk[] = {1 << 13 | 0};
  if (setpriority(PRIO_PROCESS, 0, -10) == 0) puts("ESCAPED: a higher priority");
  for (int policy = SCHED_FIFO; policy <= SCHED_RR; ++policy)
    if (sched_setscheduler(0, policy, &first) == 0) puts("ESCAPED: real-time scheduling");
  const struct {
    unsigned size, policy;
    unsigned long flags;
    int nice;
    unsigned priority;
    unsigned long runtime, deadline, period;
  } deadline = {48, 6, 0, 0, 0, 10000000, 30000000, 30000000};
  if (syscall(SYS_sched_setattr, 0, &deadline, 0) == 0) puts("ESCAPED: deadline scheduling");
  if (syscall(SYS_ioprio_set, 1, 0, disk[0]) == 0) puts("ESCAPED: first at the disk");
}
