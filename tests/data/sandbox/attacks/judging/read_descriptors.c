// Reads from every descriptor it may have, those for writing included.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  char text[512];
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    const ssize_t n = read(descriptor, text, sizeof text);
    if (n > 0) printf("%.*s\n", (int)n, text);
  }
}
