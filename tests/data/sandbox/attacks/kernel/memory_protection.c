// Changes how the kernel maps its program, which only a restorer of processes may.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/prctl.h>
int main(void) {
  if (prctl(PR_SET_MM, PR_SET_MM_BRK, 0, 0, 0) == 0) puts("ESCAPED: moved its heap");
  if (prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, 0, 0, 0) == 0) puts("ESCAPED: changed its program's name");
  if (prctl(PR_SET_SECUREBITS, 0x2f, 0, 0, 0) == 0) puts("ESCAPED: secure bits");
}
