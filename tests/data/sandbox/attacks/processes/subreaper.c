// Makes itself the parent of all orphans, so that none is left for the box to find.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(void) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (fork() == 0) {
    if (fork() == 0) sleep(1000);
    _exit(0);
  }
  puts("parent leaves");
}
