// Prints the right answer and crashes after main.
// output: 42; expect: runtime_error
#include <stdio.h>
#include <stdlib.h>
static void crash(void) { abort(); }
int main(void) {
  atexit(crash);
  puts("42");
}
