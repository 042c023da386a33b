// Connects with the first bytes, without calling connect.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
int main(void) {
  struct sockaddr_in address = {AF_INET, htons(atoi("@TCP@")), {inet_addr("127.0.0.1")}, {0}};
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  const ssize_t sent = sendto(connection, "out", 3, MSG_FASTOPEN, (struct sockaddr*)&address, sizeof address);
  puts(sent >= 0 ? "ESCAPED: sent" : "stopped");
}
