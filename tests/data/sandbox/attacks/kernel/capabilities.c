// Looks for rights of an administrator that are left, or can be won back.
#define _GNU_SOURCE
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct rights[2] = {{0}};
  if (syscall(SYS_capget, &header, rights) == 0)
    for (int half = 0; half < 2; ++half)
      if (rights[half].effective || rights[half].permitted) printf("ESCAPED: has rights %x\n", rights[half].permitted);
  for (int half = 0; half < 2; ++half) rights[half].effective = rights[half].permitted = ~0u;
  if (syscall(SYS_capset, &header, rights) == 0) puts("ESCAPED: took rights");
  for (int right = 0; right < 41; ++right)
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, right, 0, 0) == 0) printf("ESCAPED: raised right %d\n", right);
}
