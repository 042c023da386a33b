// Prints the right answer and kills whoever could say that it failed.
// output: 42; expect: runtime_error
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  puts("42");
  fflush(stdout);
  for (int number = 1; number < 65; ++number) {
    if (number != SIGCONT) kill(getppid(), number), kill(1, number);
  }
  _exit(77);
}
