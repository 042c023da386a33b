// Opens a socket of each kind that the kernel has.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/socket.h>
int main(void) {
  for (int family = 3; family < 46; ++family) {
    if (family == AF_INET6) continue;
    for (int kind = 1; kind < 6; ++kind)
      if (socket(family, kind, 0) >= 0) printf("ESCAPED: socket of family %d, kind %d\n", family, kind);
  }
}
