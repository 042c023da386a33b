// Makes 20,000 folders inside one another.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void) {
  if (chdir("/tmp")) return puts("stopped: no /tmp"), 0;
  for (int depth = 0; depth < 20000; ++depth)
    if (mkdir("aha_attack_@TOKEN@", 0777) || chdir("aha_attack_@TOKEN@")) return printf("stopped at %d\n", depth), 0;
  puts("ESCAPED: 20000 folders");
}
