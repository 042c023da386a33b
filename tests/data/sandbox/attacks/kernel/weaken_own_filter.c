// Takes off its filter of system calls.
#define _GNU_SOURCE
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
int main(void) {
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) puts("ESCAPED: no_new_privs is off");
  if (prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0) puts("ESCAPED: turned no_new_privs off");
  if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0) puts("ESCAPED: no filter");
  if (prctl(PR_SET_SECCOMP, 0, 0, 0, 0) == 0) puts("ESCAPED: turned the filter off");
}
