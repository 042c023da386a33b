// Sends verdicts through its three streams in every way that might be no plain text.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
int main(void) {
  const struct {
    int status, exit_code;
    long bytes;
  } verdict = {0, 0, 0};
  for (int stream = 0; stream < 3; ++stream) {
    if (send(stream, &verdict, sizeof verdict, MSG_OOB) > 0 || send(stream, &verdict, sizeof verdict, 0) > 0)
      printf("ESCAPED: stream %d is a socket\n", stream);
    if (write(0, &verdict, sizeof verdict) > 0) puts("ESCAPED: wrote into its own input");
    ioctl(stream, FIONBIO, &(int){1});
  }
}
