// Does what only an administrator may: names, swap, accounting, log, ports, restart keys.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/swap.h>
#include <unistd.h>
int main(void) {
  char text[100];
  if (sethostname("aha", 3) == 0 || setdomainname("aha", 3) == 0) puts("ESCAPED: renamed the machine");
  if (acct(0) == 0) puts("ESCAPED: turned off accounting");
  if (swapoff("/tmp/none") == 0) puts("ESCAPED: swap");
  if (klogctl(3, text, sizeof text) > 0) puts("ESCAPED: read the kernel's log");
  if (iopl(3) == 0 || ioperm(0x80, 1, 1) == 0) puts("ESCAPED: ports of the hardware");
  if (reboot(RB_DISABLE_CAD) == 0) puts("ESCAPED: changed the restart keys");
  if (vhangup() == 0) puts("ESCAPED: hung up a terminal");
}
