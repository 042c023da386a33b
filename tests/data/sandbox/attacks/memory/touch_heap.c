// Allocates and touches up to 1 GB.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
  for (int megabytes = 0; megabytes < 1024; ++megabytes) {
    char* block = malloc(1 << 20);
    if (!block) return printf("stopped at %d MB\n", megabytes), 0;
    memset(block, 1, 1 << 20);
    __asm__ volatile("" : : "r"(block) : "memory");
  }
  puts("ESCAPED: 1 GB of heap");
}
