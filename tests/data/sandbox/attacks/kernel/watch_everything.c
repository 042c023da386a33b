// Watches all files of a mount, and asks where programs are.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  const int watch = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);
  if (watch >= 0 && fanotify_mark(watch, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_OPEN, AT_FDCWD, "/usr") == 0)
    puts("ESCAPED: watches /usr");
  if (syscall(SYS_lookup_dcookie, 1l, 0, 0) >= 0) puts("ESCAPED: a cookie");
}
