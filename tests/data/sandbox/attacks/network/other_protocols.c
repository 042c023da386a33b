// Sends by protocols that are neither TCP nor UDP.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
int main(void) {
  const struct sockaddr_in address = {AF_INET, htons(9), {inet_addr("127.0.0.1")}, {0}};
  const int kinds[][2] = {{SOCK_DGRAM, 1}, {SOCK_STREAM, 132}, {SOCK_DGRAM, 136}, {SOCK_DCCP, 33}};
  for (int k = 0; k < 4; ++k) {
    const int out = socket(AF_INET, kinds[k][0], kinds[k][1]);
    if (out >= 0 && sendto(out, "\10\0\0\0\0\0\0\0", 8, 0, (struct sockaddr*)&address, sizeof address) >= 0)
      printf("ESCAPED: sent by protocol %d\n", kinds[k][1]);
  }
}
