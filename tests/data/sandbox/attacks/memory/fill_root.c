// Writes 256 MB into the topmost folders.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
static char block[1 << 20];
int main(void) {
  const char* folders[] = {"/", "/dev", "/dev/shm", "/box", "/run", "/mnt", "/home", "/etc"};
  for (int f = 0; f < 8; ++f) {
    char path[100];
    int megabytes = 0;
    for (; megabytes < 256; ++megabytes) {
      snprintf(path, sizeof path, "%s/aha_attack_@TOKEN@_%d", folders[f], megabytes);
      const int file = open(path, O_CREAT | O_WRONLY, 0666);
      if (file < 0 || write(file, block, sizeof block) != sizeof block) break;
      close(file);
    }
    printf("%s%d MB in %s\n", megabytes == 256 ? "ESCAPED: " : "", megabytes, folders[f]);
  }
}
