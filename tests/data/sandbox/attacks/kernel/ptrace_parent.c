// Takes hold of who started it, and of its neighbours.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/ptrace.h>
#include <unistd.h>
int main(void) {
  for (int pid = 1; pid < 400; ++pid)
    if (pid != getpid() && (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0 || ptrace(PTRACE_ATTACH, pid, 0, 0) == 0))
      printf("ESCAPED: traces %d\n", pid);
  if (ptrace(PTRACE_SEIZE, getppid(), 0, 0) == 0) puts("ESCAPED: traces its parent");
}
