// Prints the right answer, closes its streams and works on.
// output: 42; expect: timeout; timeout: 0.5
#define _GNU_SOURCE
#include <stdio.h>
#include <unistd.h>
int main(void) {
  puts("42");
  fflush(stdout);
  close(0), close(1), close(2);
  for (volatile unsigned long n = 0;; ++n) continue;
}
