// Makes a user namespace by clone3, whose flags a filter cannot read.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  uint64_t arguments[11] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
  const long child = syscall(435, arguments, sizeof arguments);
  if (child == 0) _exit(0);
  puts(child > 0 ? "ESCAPED: clone3" : "stopped");
}
