// Makes mounts writable, new and elsewhere, with the old system calls.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mount.h>
int main(void) {
  if (mount("", "/", "", MS_REMOUNT, 0) == 0) puts("ESCAPED: remounted /");
  if (mount("", "/usr", "", MS_REMOUNT | MS_BIND, 0) == 0) puts("ESCAPED: remounted /usr");
  if (mount("none", "/tmp", "tmpfs", 0, 0) == 0) puts("ESCAPED: mounted a tmpfs");
  if (mount("none", "/tmp", "proc", 0, 0) == 0) puts("ESCAPED: mounted proc");
  if (mount("/dev/vda", "/tmp", "ext4", 0, 0) == 0) puts("ESCAPED: mounted a disk");
  if (mount("/", "/tmp", "", MS_BIND | MS_REC, 0) == 0) puts("ESCAPED: bound /");
}
