// Overwrites its own program, so that whoever runs it again runs something else.
// repeat: 3
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char** argv) {
  (void)argc;
  if (unlink(argv[0]) == 0) {
    const int file = open(argv[0], O_CREAT | O_WRONLY | O_TRUNC, 0777);
    if (file >= 0 && write(file, "#!/bin/sh\necho ESCAPED: changed program\n", 40) == 40) puts("changed its own copy");
  }
}
