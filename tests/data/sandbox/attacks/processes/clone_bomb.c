// Makes 200 waiting children by the raw system call.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  for (int i = 0; i < 200; ++i) {
    const long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child < 0) return printf("stopped at %d\n", i), 0;
    if (child == 0) pause();
  }
  puts("ESCAPED: 200 children by clone");
}
