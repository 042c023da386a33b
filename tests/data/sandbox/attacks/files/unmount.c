// Takes mounts away, to see what lies beneath.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mount.h>
int main(void) {
  const char* places[] = {"/usr", "/tmp", "/dev", "/dev/null", "/box", "/lib", "/"};
  for (int p = 0; p < 7; ++p)
    if (umount2(places[p], MNT_DETACH) == 0) printf("ESCAPED: unmounted %s\n", places[p]);
}
