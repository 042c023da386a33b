// Jumps into 32-bit code, to call the kernel from there.
// expect: runtime_error
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
int main(void) {
  unsigned char* low = mmap((void*)0x10000000, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (low == MAP_FAILED) return 1;
  memcpy(low, "\xb8\x14\x00\x00\x00\xcd\x80\xf4", 8);  // eax = getpid; int 0x80; halt, which faults
  const struct {
    unsigned at;
    unsigned short segment;
  } __attribute__((packed)) target = {(unsigned)(unsigned long)low, 0x23};
  __asm__ volatile("ljmp *%0" : : "m"(target));
  return 0;
}
