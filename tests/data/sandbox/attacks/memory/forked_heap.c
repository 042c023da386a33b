// Lets 16 children touch 200 MB each.
// timeout: 5
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
  int children = 0, filled = 0, status;
  for (; children < 16; ++children) {
    const pid_t child = fork();
    if (child < 0) break;
    if (child > 0) continue;
    char* block = malloc(200 << 20);
    if (block) memset(block, 1, 200 << 20);
    __asm__ volatile("" : : "r"(block) : "memory");
    sleep(1);
    _exit(block ? 0 : 1);
  }
  while (wait(&status) > 0) filled += status == 0;
  printf("%s%d children with 200 MB each\n", filled > 5 ? "ESCAPED: " : "", filled);
}
