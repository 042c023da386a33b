// Connects to a server on this machine.
// control
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
int main(void) {
  struct sockaddr_in address = {AF_INET, htons(atoi("@TCP@")), {inet_addr("127.0.0.1")}, {0}};
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  puts(connect(connection, (struct sockaddr*)&address, sizeof address) == 0 ? "ESCAPED: connected" : "stopped");
}
