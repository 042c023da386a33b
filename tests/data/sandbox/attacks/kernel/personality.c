// Turns off random addresses and makes all memory executable.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/personality.h>
int main(void) {
  if (personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC | MMAP_PAGE_ZERO) != -1 && personality(0xffffffff) != 0)
    puts("ESCAPED: changed its personality");
}
