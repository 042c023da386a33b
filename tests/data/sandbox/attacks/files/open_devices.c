// Opens devices that reach hardware or large parts of the kernel.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
int main(void) {
  const char* paths[] = {"/dev/mem",    "/dev/kmem",    "/dev/port",     "/dev/kmsg",        "/dev/sda",
                         "/dev/vda",    "/dev/nvme0n1", "/dev/kvm",      "/dev/fuse",        "/dev/net/tun",
                         "/dev/ptmx",   "/dev/tty",     "/dev/console",  "/dev/loop0",       "/dev/vsock",
                         "/dev/hpet",   "/dev/rtc0",    "/dev/snapshot", "/dev/userfaultfd", "/dev/loop-control",
                         "/dev/nvidia0"};
  for (unsigned p = 0; p < sizeof paths / sizeof *paths; ++p)
    if (open(paths[p], O_RDONLY | O_NONBLOCK | O_NOCTTY) >= 0) printf("ESCAPED: opened %s\n", paths[p]);
}
