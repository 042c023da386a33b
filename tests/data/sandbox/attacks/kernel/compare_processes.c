// Asks where kernel objects of other processes lie.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  for (int kind = 0; kind < 8; ++kind)
    if (syscall(SYS_kcmp, getpid(), getppid(), kind, 0, 0) >= 0) printf("ESCAPED: kcmp %d\n", kind);
}
