// Talks to the machine that this virtual machine runs on.
#define _GNU_SOURCE
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <sys/socket.h>
int main(void) {
  const int out = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (out >= 0) puts("ESCAPED: a machine socket");
  puts("stopped");
}
