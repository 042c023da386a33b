// Goes up from wherever it stands and down to a file of the host.
// control
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  char text[200] = "";
  const int file = open("../../../../../../../../../../../../../../../..@CANARY@", O_RDONLY);
  if (file >= 0 && read(file, text, sizeof text - 1) > 0) puts(text);
}
