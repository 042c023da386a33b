// Reads and writes memory of other processes.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>
int main(void) {
  char text[64];
  int victim = 0;
  if (scanf("%d", &victim) != 1) return 1;
  const pid_t pids[] = {getppid(), 1, victim};
  for (int p = 0; p < 3; ++p)
    for (unsigned long at = 0x400000; at < 0x800000; at += 4096) {
      const struct iovec here = {text, sizeof text}, there = {(void*)at, sizeof text};
      if (process_vm_readv(pids[p], &here, 1, &there, 1, 0) > 0) return printf("ESCAPED: read %d\n", pids[p]), 0;
      if (process_vm_writev(pids[p], &here, 0, &there, 0, 0) == 0) return printf("ESCAPED: wrote %d\n", pids[p]), 0;
    }
}
