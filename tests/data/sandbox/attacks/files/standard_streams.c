// Goes up from its standard streams, and reads from those it should write to.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void) {
  char text[300];
  struct stat facts;
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    if (fstat(descriptor, &facts) == 0 && (S_ISDIR(facts.st_mode) || S_ISBLK(facts.st_mode)))
      printf("ESCAPED: stream %d is a folder or a disk\n", descriptor);
    if (openat(descriptor, "../../../../etc", O_RDONLY) >= 0) printf("ESCAPED: up from stream %d\n", descriptor);
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    const ssize_t n = pread(descriptor, text, sizeof text - 1, 0);
    if (n > 0) printf("stream %d holds %.*s\n", descriptor, (int)n, text);
  }
}
