// Leaves a message for another box in a message queue that both can name.
// repeat: 4
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/msg.h>
int main(void) {
  struct {
    long type;
    char text[4];
  } message = {1, "out"};
  const int queue = msgget(0x61686121, IPC_CREAT | 0666);
  if (queue < 0) return puts("stopped"), 0;
  if (msgrcv(queue, &message, 4, 0, IPC_NOWAIT) > 0) puts("ESCAPED: a message of another box");
  msgsnd(queue, &message, 4, IPC_NOWAIT);
}
