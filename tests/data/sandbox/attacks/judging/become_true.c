// Becomes a program that always ends well.
#define _GNU_SOURCE
#include <unistd.h>
int main(void) {
  execl("/usr/bin/true", "true", (char*)0);
  return 1;
}
