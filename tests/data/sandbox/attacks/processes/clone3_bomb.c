// Makes 200 waiting children by clone3, whose flags a filter cannot read.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  for (int i = 0; i < 200; ++i) {
    uint64_t arguments[8] = {[4] = SIGCHLD};
    const long child = syscall(435, arguments, sizeof arguments);
    if (child < 0) return printf("stopped at %d\n", i), 0;
    if (child == 0) pause();
  }
  puts("ESCAPED: 200 children by clone3");
}
