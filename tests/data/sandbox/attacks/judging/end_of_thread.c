// Lets one thread end well and another end the process badly.
// output: 42; expect: runtime_error
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
static void* fail(void* unused) {
  usleep(20000);
  syscall(SYS_exit_group, 77);
  return unused;
}
int main(void) {
  pthread_t thread;
  puts("42");
  fflush(stdout);
  if (pthread_create(&thread, 0, fail, 0)) return 77;
  syscall(SYS_exit, 0);
}
