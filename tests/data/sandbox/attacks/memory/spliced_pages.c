// Puts one byte of many huge pages into pipes and unmaps them: the pipes keep the whole pages.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
int main(void) {
  long kept = 0;
  for (int ends[2]; pipe2(ends, O_NONBLOCK) == 0;) {
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    for (int slot = 0; slot < 256 && kept < 512; ++slot, ++kept) {
      char* space = mmap(0, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (space == MAP_FAILED) return printf("stopped at %ld\n", kept), 0;
      char* page = (char*)(((uintptr_t)space + (2 << 20) - 1) & ~(uintptr_t)((2 << 20) - 1));
      madvise(page, 2 << 20, MADV_HUGEPAGE);
      for (long at = 0; at < 2 << 20; at += 4096) page[at] = 1;
      const struct iovec byte = {page, 1};
      if (vmsplice(ends[1], &byte, 1, SPLICE_F_GIFT) != 1) return printf("stopped at %ld\n", kept), 0;
      munmap(space, 4 << 20);
    }
    if (kept >= 512) break;
  }
  printf("%s%ld huge pages in pipes\n", kept >= 512 ? "ESCAPED: " : "", kept);
}
