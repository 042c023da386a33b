// Leaves a child behind that keeps the output open, so that its reader would wait for ever.
// timeout: 2
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
int main(void) {
  const pid_t child = fork();
  if (child == 0) {
    sleep(1000);
    _exit(0);
  }
  printf("parent leaves %d\n", child > 0);
}
