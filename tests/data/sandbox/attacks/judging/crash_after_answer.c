// Prints the right answer and crashes.
// output: 42; expect: runtime_error
#include <stdio.h>
int main(void) {
  puts("42");
  fflush(stdout);
  *(volatile int*)8 = 1;
}
