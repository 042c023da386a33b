// Asks for core files of any size, then crashes.
// expect: runtime_error
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
int main(void) {
  const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  if (setrlimit(RLIMIT_CORE, &unlimited) == 0) puts("ESCAPED: core files allowed");
  fflush(stdout);
  prctl(PR_SET_DUMPABLE, 1);
  if (chdir("/tmp")) perror("chdir");
  abort();
}
