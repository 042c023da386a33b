// Prints every string between its environment and the end of its stack.
// control
#include <stdio.h>
#include <string.h>
extern char** environ;
int main(int argc, char** argv) {
  for (int i = 0; i < argc; ++i) puts(argv[i]);
  for (char** entry = environ; *entry; ++entry) puts(*entry);
}
