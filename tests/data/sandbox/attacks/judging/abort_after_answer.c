// Prints the right answer and aborts.
// output: 42; expect: runtime_error
#include <stdio.h>
#include <stdlib.h>
int main(void) {
  puts("42");
  fflush(stdout);
  abort();
}
