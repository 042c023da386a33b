// Swaps its root for another.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  mkdir("/tmp/old", 0777);
  if (syscall(SYS_pivot_root, ".", ".") == 0) puts("ESCAPED: pivot_root here");
  if (syscall(SYS_pivot_root, "/tmp", "/tmp/old") == 0) puts("ESCAPED: pivot_root to /tmp");
}
