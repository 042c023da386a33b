// Uses the kernel's ciphers through a socket.
#define _GNU_SOURCE
#include <linux/if_alg.h>
#include <stdio.h>
#include <sys/socket.h>
int main(void) {
  struct sockaddr_alg address = {.salg_family = AF_ALG, .salg_type = "hash", .salg_name = "sha256"};
  const int out = socket(AF_ALG, SOCK_SEQPACKET, 0);
  puts(out >= 0 && bind(out, (struct sockaddr*)&address, sizeof address) == 0 ? "ESCAPED: kernel crypto" : "stopped");
}
