// Fills the stacks of 64 threads, 32 MB each.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <string.h>
static void* fill(void* unused) {
  volatile char frame[31 << 20];
  for (long i = 0; i < (long)sizeof frame; i += 4096) frame[i] = 1;
  return unused;
}
int main(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 32 << 20);
  pthread_t threads[64];
  int started = 0;
  while (started < 64 && !pthread_create(&threads[started], &attributes, fill, 0)) ++started;
  for (int i = 0; i < started; ++i) pthread_join(threads[i], 0);
  printf("%s%d stacks\n", started == 64 ? "ESCAPED: " : "", started);
}
