// Writes 1 GB into a file that has no name.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
static char block[1 << 20];
int main(void) {
  const int file = memfd_create("x", 0);
  if (file < 0) return puts("stopped"), 0;
  for (int megabytes = 0; megabytes < 1024; ++megabytes)
    if (write(file, block, sizeof block) != sizeof block) return printf("stopped at %d MB\n", megabytes), 0;
  puts("ESCAPED: 1 GB in a memfd");
}
