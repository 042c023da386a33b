// Sends datagrams to this machine, to everyone, and to a group.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
int main(void) {
  const char* names[] = {"127.0.0.1", "255.255.255.255", "224.0.0.1"};
  const int on = 1;
  for (int n = 0; n < 3; ++n) {
    struct sockaddr_in address = {AF_INET, htons(atoi("@UDP@")), {inet_addr(names[n])}, {0}};
    const int out = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(out, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    if (sendto(out, "out", 3, 0, (struct sockaddr*)&address, sizeof address) == 3) puts("sent");
  }
}
