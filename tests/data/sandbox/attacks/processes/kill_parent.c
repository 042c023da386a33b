// Kills who started it, and its whole process group.
// expect: runtime_error
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  kill(getppid(), SIGSTOP);
  kill(getppid(), SIGKILL);
  kill(1, SIGKILL);
  kill(0, SIGKILL);
  pause();
}
