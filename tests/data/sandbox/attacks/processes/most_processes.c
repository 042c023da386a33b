// Counts how many waiting children it can hold.
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
int main(void) {
  int children = 0;
  while (children < 200) {
    const pid_t child = fork();
    if (child < 0) break;
    if (child == 0) {
      pause();
      _exit(0);
    }
    ++children;
  }
  printf("%s%d children\n", children > 64 ? "ESCAPED: " : "", children);
}
