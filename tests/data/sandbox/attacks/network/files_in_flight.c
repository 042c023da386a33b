// Hides 5,000 open files in messages that nobody reads.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
int main(void) {
  int ends[2], flying = 0;
  if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends)) return puts("stopped"), 0;
  char byte = 0, space[CMSG_SPACE(sizeof(int) * 100)] = "";
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  struct cmsghdr* files = CMSG_FIRSTHDR(&message);
  *files = (struct cmsghdr){CMSG_LEN(sizeof(int) * 100), SOL_SOCKET, SCM_RIGHTS};
  const int file = open("/dev/null", O_RDONLY);
  for (int i = 0; i < 100; ++i) memcpy(CMSG_DATA(files) + i * sizeof file, &file, sizeof file);
  while (flying < 5000 && sendmsg(ends[0], &message, 0) == 1) flying += 100;
  printf("%s%d files in flight\n", flying >= 5000 ? "ESCAPED: " : "", flying);
}
