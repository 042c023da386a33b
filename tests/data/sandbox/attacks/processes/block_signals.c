// Blocks all signals in all threads and works on.
// expect: timeout; timeout: 0.5
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
static void* spin(void* unused) {
  for (volatile unsigned long n = 0;; ++n) continue;
  return unused;
}
int main(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, 0);
  pthread_t thread;
  pthread_create(&thread, 0, spin, 0);
  spin(0);
}
