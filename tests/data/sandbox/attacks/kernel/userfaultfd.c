// Handles its own page faults, which stretches races in the kernel.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  if (syscall(SYS_userfaultfd, O_CLOEXEC) >= 0) puts("ESCAPED: userfaultfd");
  if (syscall(SYS_userfaultfd, O_CLOEXEC | 1) >= 0) puts("ESCAPED: userfaultfd for user faults");
}
