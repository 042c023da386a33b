// Makes a queue of system calls that no filter sees.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  uint32_t parameters[30] = {0};
  if (syscall(425, 8, parameters) >= 0) puts("ESCAPED: io_uring_setup");
  unsigned long context = 0;
  if (syscall(SYS_io_setup, 65536, &context) == 0) puts("ESCAPED: 65536 asynchronous requests");
}
