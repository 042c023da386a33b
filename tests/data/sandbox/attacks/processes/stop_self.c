// Stops itself, so that it uses no time and never ends.
// expect: timeout; timeout: 0.5
#include <signal.h>
int main(void) {
  for (;;) raise(SIGSTOP);
}
