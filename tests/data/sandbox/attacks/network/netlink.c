// Asks the kernel for its network devices and routes.
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <stdio.h>
#include <sys/socket.h>
int main(void) {
  for (int protocol = 0; protocol < 23; ++protocol)
    if (socket(AF_NETLINK, SOCK_RAW, protocol) >= 0) printf("ESCAPED: netlink %d\n", protocol);
}
