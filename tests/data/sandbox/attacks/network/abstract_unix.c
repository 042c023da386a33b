// Sends a message and an open file to a socket that has a name but no file.
// control
#define _GNU_SOURCE
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
int main(void) {
  struct sockaddr_un address = {AF_UNIX, {0}};
  const char* name = "@ABSTRACT@";
  memcpy(address.sun_path + 1, name, strlen(name));
  const int out = socket(AF_UNIX, SOCK_STREAM, 0);
  const socklen_t size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name);
  puts(connect(out, (struct sockaddr*)&address, size) == 0 ? "ESCAPED: connected" : "stopped");
}
