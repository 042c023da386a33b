// Connects to a server on this machine by IPv6, and by IPv4 inside it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
int main(void) {
  const char* names[] = {"::1", "::ffff:127.0.0.1"};
  for (int n = 0; n < 2; ++n) {
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(atoi("@TCP@"))};
    inet_pton(AF_INET6, names[n], &address.sin6_addr);
    const int connection = socket(AF_INET6, SOCK_STREAM, 0);
    puts(connect(connection, (struct sockaddr*)&address, sizeof address) == 0 ? "ESCAPED: connected" : "stopped");
  }
}
