// Tells another box something by locking bytes of a file that both see.
// repeat: 4; timeout: 5
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(void) {
  const char* paths[] = {"/usr/bin/env", "/usr/lib/os-release", "/dev/null", "/dev/zero", "/dev/full"};
  for (int p = 0; p < 5; ++p) {
    int file = open(paths[p], O_RDWR);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    if (file < 0) file = open(paths[p], O_RDONLY), lock.l_type = F_RDLCK;
    if (fcntl(file, F_SETLK, &lock) < 0 && (errno == EAGAIN || errno == EACCES)) printf("blocked on %s\n", paths[p]);
    struct flock probe = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    if (fcntl(file, F_GETLK, &probe) == 0 && probe.l_type != F_UNLCK)
      printf("ESCAPED: another box locks %s\n", paths[p]);
  }
  usleep(400000);
}
