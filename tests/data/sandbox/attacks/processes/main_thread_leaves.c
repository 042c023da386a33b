// Ends its main thread while another works on: the process looks dead and is not.
// expect: timeout; timeout: 0.5
#define _GNU_SOURCE
#include <pthread.h>
static void* spin(void* unused) {
  for (volatile unsigned long n = 0;; ++n) continue;
  return unused;
}
int main(void) {
  pthread_t thread;
  pthread_create(&thread, 0, spin, 0);
  pthread_exit(0);
}
