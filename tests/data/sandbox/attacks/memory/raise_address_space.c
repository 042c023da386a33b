// Raises the limit of its memory, then touches 1 GB.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
int main(void) {
  const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
  for (int limit = 0; limit < 16; ++limit) setrlimit(limit, &unlimited);
  for (int blocks = 0; blocks < 64; ++blocks) {
    char* block = mmap(0, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return printf("stopped at %d MB\n", blocks * 16), 0;
    memset(block, 1, 16 << 20);
  }
  puts("ESCAPED: 1 GB after raising the limit");
}
