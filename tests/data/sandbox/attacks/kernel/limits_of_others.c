// Changes limits, priorities and processors of other processes.
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  int victim = 0;
  if (scanf("%d", &victim) != 1) return 1;
  const pid_t pids[] = {getppid(), 1, victim};
  for (int p = 0; p < 3; ++p) {
    struct rlimit limit = {1, 1};
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    if (prlimit(pids[p], RLIMIT_NOFILE, 0, &limit) == 0) printf("ESCAPED: reads limits of %d\n", pids[p]);
    if (setpriority(PRIO_PROCESS, pids[p], 19) == 0) printf("ESCAPED: slows %d\n", pids[p]);
    if (sched_setaffinity(pids[p], sizeof one, &one) == 0) printf("ESCAPED: moves %d\n", pids[p]);
    if (syscall(SYS_migrate_pages, pids[p], 0, 0, 0) == 0) printf("ESCAPED: moves pages of %d\n", pids[p]);
  }
}
