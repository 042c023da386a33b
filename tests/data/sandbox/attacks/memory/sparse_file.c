// Makes a file of 1 TB that has no content.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  signal(SIGXFSZ, SIG_IGN);
  const int file = open("/tmp/aha_attack_@TOKEN@", O_CREAT | O_RDWR, 0666);
  puts(file >= 0 && ftruncate(file, 1l << 40) == 0 ? "ESCAPED: a file of 1 TB" : "stopped");
}
