// Calls the kernel by its 32-bit door, which has other numbers.
// expect: runtime_error
#include <stdio.h>
int main(void) {
  long result = 20;  // getpid there, writev here
  __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
  puts(result > 0 ? "ESCAPED: a 32-bit call" : "stopped");
  return 1;
}
