// Starts 2,000 threads with the smallest stacks.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static void* wait_for_ever(void* unused) {
  for (;;) pause();
  return unused;
}
int main(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 16384);
  for (int i = 0; i < 2000; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, wait_for_ever, 0)) return printf("stopped at %d\n", i), 0;
  }
  puts("ESCAPED: 2000 threads");
}
