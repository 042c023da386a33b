// Makes every other kind of namespace.
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
int main(void) {
  const int kinds[] = {CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP, 0x80};
  for (int k = 0; k < 7; ++k)
    if (unshare(kinds[k]) == 0) printf("ESCAPED: unshare %x\n", kinds[k]);
}
