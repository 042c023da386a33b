// Touches 1 GB of shared memory without a file.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
int main(void) {
  for (int blocks = 0; blocks < 64; ++blocks) {
    char* block = mmap(0, 16 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return printf("stopped at %d MB\n", blocks * 16), 0;
    memset(block, 1, 16 << 20);
  }
  puts("ESCAPED: 1 GB of shared memory");
}
