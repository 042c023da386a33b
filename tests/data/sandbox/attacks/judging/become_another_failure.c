// Prints the right answer and becomes a program that fails.
// output: 42; expect: runtime_error
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
int main(void) {
  puts("42");
  fflush(stdout);
  execl("/usr/bin/false", "false", (char*)0);
  return 77;
}
