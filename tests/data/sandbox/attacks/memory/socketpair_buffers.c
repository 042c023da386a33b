// Fills as many socket pairs as it may open.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>
static char block[65536];
int main(void) {
  long bytes = 0;
  const int most = 1 << 30;
  for (int ends[2]; socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0;) {
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &most, sizeof most);
    for (long n; (n = write(ends[0], block, sizeof block)) > 0;) bytes += n;
    if (bytes > 256 << 20) break;
  }
  printf("%s%ld MB in socket pairs\n", bytes > 256 << 20 ? "ESCAPED: " : "", bytes >> 20);
}
