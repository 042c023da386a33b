// Keeps a secret in the kernel's keyrings, and asks for those of others.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  if (syscall(SYS_add_key, "user", "name", "text", 4, -2) >= 0) puts("ESCAPED: add_key");
  if (syscall(SYS_keyctl, 0, -3, 1) >= 0) puts("ESCAPED: keyctl");
  if (syscall(SYS_request_key, "user", "name", 0, -2) >= 0) puts("ESCAPED: request_key");
}
