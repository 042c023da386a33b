// Forks until the process tree has 256 leaves.
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
int main(void) {
  for (int i = 0; i < 8; ++i)
    if (fork() < 0) return puts("stopped"), 0;
  puts("ESCAPED: 256 processes at once");
  fflush(stdout);
  sleep(1);
}
