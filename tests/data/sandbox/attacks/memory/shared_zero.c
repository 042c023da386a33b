// The same through a shared mapping of /dev/zero, made writable later.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
int main(void) {
  int file = open("/dev/zero", O_RDWR);
  if (file < 0) file = open("/dev/zero", O_RDONLY);
  for (int blocks = 0; blocks < 256; ++blocks) {
    char* block = mmap(0, 4 << 20, PROT_READ, MAP_SHARED, file, 0);
    if (block == MAP_FAILED || mprotect(block, 4 << 20, PROT_READ | PROT_WRITE))
      return printf("stopped at %d MB\n", blocks * 4), 0;
    memset(block, 1, 4 << 20);
    if (mremap(block, 4 << 20, 4096, 0) == MAP_FAILED) return puts("stopped"), 0;
  }
  puts("ESCAPED: 1 GB behind shrunk mappings of /dev/zero");
}
