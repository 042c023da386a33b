// Becomes the same program again and again, so that it is always new.
// expect: timeout|runtime_error; timeout: 0.5
#define _GNU_SOURCE
#include <unistd.h>
int main(int argc, char** argv) {
  (void)argc;
  execv(argv[0], argv);
  execv("/proc/self/exe", argv);
  return 1;
}
