// Makes a user namespace, in which it would be root.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  if (unshare(CLONE_NEWUSER) == 0) puts("ESCAPED: unshare");
  const long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  puts(child > 0 ? "ESCAPED: clone" : "stopped");
}
