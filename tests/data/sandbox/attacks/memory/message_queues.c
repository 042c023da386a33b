// Fills message queues of both kinds that outlive it.
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <sys/msg.h>
int main(void) {
  static struct {
    long type;
    char text[8192];
  } message = {.type = 1};
  for (int i = 0; i < 16; ++i) {
    const int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0666);
    if (queue < 0) break;
    while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0) continue;
    puts("ESCAPED: a System V message queue");
  }
  struct mq_attr attributes = {.mq_maxmsg = 10, .mq_msgsize = 8192};
  const mqd_t queue = mq_open("/aha_attack_@TOKEN@", O_CREAT | O_RDWR | O_NONBLOCK, 0666, &attributes);
  puts(queue != (mqd_t)-1 ? "ESCAPED: a POSIX message queue" : "stopped");
}
