// Fills shared memory and shrinks the mapping: the pages stay, the address space is free again.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
int main(void) {
  for (int blocks = 0; blocks < 256; ++blocks) {
    char* block = mmap(0, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return printf("stopped at %d MB\n", blocks * 4), 0;
    memset(block, 1, 4 << 20);
    if (mremap(block, 4 << 20, 4096, 0) == MAP_FAILED) return puts("stopped"), 0;
  }
  puts("ESCAPED: 1 GB behind shrunk mappings");
}
