// Reserves 256 MB of disk in one call.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  signal(SIGXFSZ, SIG_IGN);
  const int file = open("/tmp/aha_attack_@TOKEN@", O_CREAT | O_RDWR, 0666);
  puts(file >= 0 && fallocate(file, 0, 0, 256 << 20) == 0 ? "ESCAPED: 256 MB reserved" : "stopped");
}
