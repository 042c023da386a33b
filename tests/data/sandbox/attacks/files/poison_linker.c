// Plants a library that every later program would load.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
int main(void) {
  const char* paths[] = {"/etc/ld.so.preload",
                         "/etc/ld.so.cache",
                         "/etc/ld.so.conf",
                         "/usr/lib/libaha_attack_@TOKEN@.so",
                         "/lib64/ld-linux-x86-64.so.2",
                         "/usr/lib/x86_64-linux-gnu/libc.so.6"};
  for (int p = 0; p < 6; ++p)
    if (open(paths[p], O_WRONLY | O_CREAT, 0666) >= 0) printf("ESCAPED: may write %s\n", paths[p]);
}
