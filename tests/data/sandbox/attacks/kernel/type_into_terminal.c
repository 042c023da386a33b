// Types a command into the terminal that it was started from.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
int main(void) {
  const int terminal = open("/dev/tty", O_RDWR);
  for (int file = 0; file < 4; ++file)
    if (ioctl(file == 3 ? terminal : file, TIOCSTI, "#") == 0) printf("ESCAPED: typed into %d\n", file);
  char line[2] = {3, 0};
  if (ioctl(0, TIOCLINUX, line) == 0) puts("ESCAPED: selected text of a console");
  if (ioctl(0, TIOCSCTTY, 1) == 0) puts("ESCAPED: took a terminal");
}
