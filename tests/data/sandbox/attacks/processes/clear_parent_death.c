// Asks not to be killed when its parent dies, and hides in a session of its own.
// expect: timeout; timeout: 0.5
#define _GNU_SOURCE
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(void) {
  prctl(PR_SET_PDEATHSIG, 0);
  setsid();
  for (int number = 1; number < 65; ++number) signal(number, SIG_IGN);
  close(0), close(1), close(2);
  for (;;) sleep(1000);
}
