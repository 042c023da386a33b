// Becomes root by number, and by programs that carry root's right.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(void) {
  if (getuid() == 0 || geteuid() == 0) puts("ESCAPED: runs as root");
  if (setresuid(0, 0, 0) == 0) puts("ESCAPED: became root");
  if (setresgid(0, 0, 0) == 0) puts("ESCAPED: became root's group");
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) puts("ESCAPED: programs may raise privileges");
}
