// Touches one page in every 2 MB, so that page tables cost more than pages.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
int main(void) {
  char* space = mmap(0, 64l << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (space == MAP_FAILED) return puts("stopped"), 0;
  for (long at = 0; at < 64l << 30; at += 2 << 20) space[at] = 1;
  puts("ESCAPED: 64 GB of address space");
}
