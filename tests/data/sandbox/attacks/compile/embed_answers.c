// Takes a file of the host into the program as data.
// control
#include <stdio.h>
__asm__(".section .rodata\nsecret: .incbin \"@CANARY@\"\n.byte 0\n.previous");
extern const char secret[] __attribute__((visibility("hidden")));
int main(void) { printf("%.100s\n", secret); }
