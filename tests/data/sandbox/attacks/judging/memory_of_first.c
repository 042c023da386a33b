// Writes into the memory of the process that will report how it ended.
// output: 42; expect: runtime_error
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  char path[64];
  const int pids[] = {1, getppid()};
  puts("42");
  for (int p = 0; p < 2; ++p) {
    snprintf(path, sizeof path, "/proc/%d/mem", pids[p]);
    if (open(path, O_RDWR) >= 0) puts("ESCAPED: opened the memory of its judge");
  }
  fflush(stdout);
  _exit(77);
}
