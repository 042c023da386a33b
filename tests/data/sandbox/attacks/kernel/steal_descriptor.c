// Takes open files out of other processes.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  int victim = 0;
  if (scanf("%d", &victim) != 1) return 1;
  const pid_t pids[] = {getppid(), 1, victim};
  for (int p = 0; p < 3; ++p) {
    const long process = syscall(434, pids[p], 0);
    for (int descriptor = 0; descriptor < 64; ++descriptor)
      if (process >= 0 && syscall(438, process, descriptor, 0) >= 0)
        printf("ESCAPED: file %d of %d\n", descriptor, pids[p]);
  }
}
