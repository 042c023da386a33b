// Makes a brother of its own that ends well while it fails: who waits for both may take one for the other.
// output: 42; expect: runtime_error
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  puts("42");
  fflush(stdout);
  for (int i = 0; i < 8; ++i)
    if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0) == 0) _exit(0);
  usleep(20000);
  _exit(77);
}
