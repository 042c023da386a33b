// Fills named shared memory.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
static char block[1 << 20];
int main(void) {
  const int file = shm_open("/aha_attack_@TOKEN@", O_CREAT | O_RDWR, 0666);
  if (file < 0) return puts("stopped"), 0;
  for (int megabytes = 0; megabytes < 128; ++megabytes)
    if (write(file, block, sizeof block) != sizeof block) return printf("stopped at %d MB\n", megabytes), 0;
  puts("ESCAPED: 128 MB in named shared memory");
}
