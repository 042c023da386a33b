// Kills a process outside through a descriptor of it, by number and by thread.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  int victim = 0;
  if (scanf("%d", &victim) != 1) return 1;
  const long descriptor = syscall(434, victim, 0);
  if (descriptor >= 0 && syscall(424, descriptor, SIGKILL, 0, 0) == 0) puts("ESCAPED: signalled by pidfd");
  if (syscall(SYS_tgkill, victim, victim, SIGKILL) == 0) puts("ESCAPED: signalled by thread number");
}
