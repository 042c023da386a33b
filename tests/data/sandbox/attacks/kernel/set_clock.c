// Sets the clock of the machine.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
int main(void) {
  struct timespec now;
  struct timeval same;
  clock_gettime(CLOCK_REALTIME, &now);
  gettimeofday(&same, 0);
  struct timex tuning = {.modes = ADJ_OFFSET_SINGLESHOT};
  if (clock_settime(CLOCK_REALTIME, &now) == 0) puts("ESCAPED: clock_settime");
  if (settimeofday(&same, 0) == 0) puts("ESCAPED: settimeofday");
  if (adjtimex(&tuning) >= 0) puts("ESCAPED: adjtimex");
}
