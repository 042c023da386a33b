// Makes system files writable, gives them away, and marks a program of its own as privileged.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
int main(void) {
  if (chmod("/usr/bin/env", 0777) == 0) puts("ESCAPED: chmod of a system file");
  if (chown("/usr/bin/env", getuid(), getgid()) == 0) puts("ESCAPED: chown of a system file");
  if (utimensat(AT_FDCWD, "/usr/bin/env", 0, 0) == 0) puts("ESCAPED: touched a system file");
  if (truncate("/usr/bin/env", 0) == 0) puts("ESCAPED: truncated a system file");
  unsigned capability[5] = {0x02000001, ~0u, 0, ~0u, 0};
  FILE* file = fopen("/tmp/aha_attack_@TOKEN@", "w");
  if (file && setxattr("/tmp/aha_attack_@TOKEN@", "security.capability", capability, sizeof capability, 0) == 0)
    puts("ESCAPED: file capabilities");
}
