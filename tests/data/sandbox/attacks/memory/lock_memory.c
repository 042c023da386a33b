// Locks 64 MB into memory.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
static char block[64 << 20];
int main(void) { puts(mlock(block, sizeof block) == 0 ? "ESCAPED: 64 MB locked" : "stopped"); }
