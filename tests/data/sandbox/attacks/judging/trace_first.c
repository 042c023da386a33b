// Takes hold of the process that will report how it ended, and changes its registers.
// output: 42; expect: runtime_error
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/ptrace.h>
#include <unistd.h>
int main(void) {
  puts("42");
  const int pids[] = {1, getppid()};
  for (int p = 0; p < 2; ++p)
    if (ptrace(PTRACE_SEIZE, pids[p], 0, PTRACE_O_EXITKILL) == 0) puts("ESCAPED: traces its judge");
  fflush(stdout);
  _exit(77);
}
