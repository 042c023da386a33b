// Looks for open files besides the three standard ones.
// control
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void) {
  struct stat facts;
  char text[200];
  for (int descriptor = 3; descriptor < 4096; ++descriptor) {
    if (fstat(descriptor, &facts)) continue;
    printf("ESCAPED: descriptor %d is open, mode %o\n", descriptor, facts.st_mode);
    const ssize_t n = pread(descriptor, text, sizeof text - 1, 0);
    if (n > 0) printf("%.*s\n", (int)n, text);
  }
}
