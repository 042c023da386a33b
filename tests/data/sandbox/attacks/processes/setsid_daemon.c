// Leaves a session of its own behind that ignores every signal.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  if (fork() == 0) {
    setsid();
    for (int number = 1; number < 65; ++number) signal(number, SIG_IGN);
    if (fork() == 0)
      for (;;) sleep(1000);
    _exit(0);
  }
  puts("parent leaves");
}
