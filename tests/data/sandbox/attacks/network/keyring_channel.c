// Leaves a message for another box in the keyring of its user.
// repeat: 4
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  const int rings[] = {-3, -4, -5};
  for (int r = 0; r < 3; ++r) {
    if (syscall(SYS_keyctl, 10 /* search */, rings[r], "user", "aha_attack_@TOKEN@", 0) > 0) puts("ESCAPED: a message");
    if (syscall(SYS_add_key, "user", "aha_attack_@TOKEN@", "out", 3, rings[r]) > 0) puts("ESCAPED: left a key");
  }
}
