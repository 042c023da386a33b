// Calls itself with large frames for ever.
// expect: runtime_error|memory
#include <stdio.h>
#include <string.h>
static int deeper(int depth) {
  volatile char frame[1 << 16];
  memset((char*)frame, depth, sizeof frame);
  return deeper(depth + 1) + frame[depth & 0xffff];
}
int main(void) { printf("%d\n", deeper(0)); }
