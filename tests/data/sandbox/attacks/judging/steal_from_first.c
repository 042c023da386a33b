// Takes the files of the process that will report how it ended, and reports first.
// output: 42; expect: runtime_error
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  puts("42");
  const int pids[] = {1, getppid()};
  for (int p = 0; p < 2; ++p) {
    const long process = syscall(434, pids[p], 0);
    for (int descriptor = 0; process >= 0 && descriptor < 64; ++descriptor) {
      const long stolen = syscall(438, process, descriptor, 0);
      const uint64_t well = 1;
      if (stolen >= 0 && write(stolen, &well, sizeof well) > 0) puts("ESCAPED: wrote as its judge");
    }
  }
  fflush(stdout);
  _exit(77);
}
