// Writes without end.
// expect: output_limit|timeout; timeout: 2
#define _GNU_SOURCE
#include <unistd.h>
static char block[65536] = "PASSED\n";
int main(void) {
  while (write(1, block, sizeof block) > 0) continue;
  return 1;
}
