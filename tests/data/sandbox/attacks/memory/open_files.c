// Opens 5,000 files at once.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
int main(void) {
  const struct rlimit more = {1 << 20, 1 << 20};
  setrlimit(RLIMIT_NOFILE, &more);
  int opened = 0;
  while (opened < 5000 && open("/dev/null", O_RDONLY) >= 0) ++opened;
  printf("%s%d files\n", opened == 5000 ? "ESCAPED: " : "", opened);
}
