// Asks for every process number whether it may be signalled.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  for (int pid = 1; pid < 100000; ++pid)
    if (pid != getpid() && pid != getppid() && kill(pid, 0) == 0) printf("ESCAPED: may signal process %d\n", pid);
}
