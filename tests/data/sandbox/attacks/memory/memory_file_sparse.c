// Fills a nameless file through a small window that moves along it.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void) {
  const int file = memfd_create("x", 0);
  if (file < 0 || ftruncate(file, 1 << 30)) return puts("stopped"), 0;
  for (long at = 0; at < 1 << 30; at += 16 << 20) {
    char* window = mmap(0, 16 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, file, at);
    if (window == MAP_FAILED) return puts("stopped"), 0;
    memset(window, 1, 16 << 20);
    munmap(window, 16 << 20);
  }
  puts("ESCAPED: 1 GB in a memfd through a window");
}
