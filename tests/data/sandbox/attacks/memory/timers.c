// Makes the kernel hold 200,000 timers.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <time.h>
int main(void) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
  timer_t timer;
  int made = 0;
  while (made < 200000 && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0) ++made;
  printf("%s%d timers\n", made == 200000 ? "ESCAPED: " : "", made);
}
