// Calls the kernel through the page that is the same in every process.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
static sigjmp_buf back;
static void fault(int number) { siglongjmp(back, number); }
int main(void) {
  signal(SIGSEGV, fault);
  long (*time_call)(long*) = (long (*)(long*))0xffffffffff600400;
  if (sigsetjmp(back, 1) == 0) printf("time: %ld\n", time_call(0));
  if (sigsetjmp(back, 1) == 0) printf("ESCAPED: reads the page: %d\n", *(volatile char*)0xffffffffff600000);
}
