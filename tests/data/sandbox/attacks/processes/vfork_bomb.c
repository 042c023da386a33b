// Starts 200 children by vfork that live on in programs of their own.
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
int main(void) {
  for (int i = 0; i < 200; ++i) {
    const pid_t child = vfork();
    if (child < 0) return printf("stopped at %d\n", i), 0;
    if (child == 0) {
      execl("/usr/bin/sleep", "sleep", "1000", (char*)0);
      _exit(1);
    }
  }
  puts("ESCAPED: 200 children by vfork");
}
