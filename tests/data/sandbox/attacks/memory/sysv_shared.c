// Makes shared segments of the System V kind that outlive it.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
int main(void) {
  for (int segments = 0; segments < 16; ++segments) {
    const int segment = shmget(IPC_PRIVATE, 64 << 20, IPC_CREAT | 0666);
    if (segment < 0) return printf("stopped at %d\n", segments), 0;
    char* block = shmat(segment, 0, 0);
    if (block == (char*)-1) return puts("stopped at attaching"), 0;
    memset(block, 1, 64 << 20);
    shmdt(block);
  }
  puts("ESCAPED: 1 GB in System V segments");
}
