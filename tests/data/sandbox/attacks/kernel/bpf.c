// Loads a program and a table into the kernel.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(void) {
  uint32_t table[18] = {2 /* array */, 4, 8, 1};
  if (syscall(SYS_bpf, 0, table, sizeof table) >= 0) puts("ESCAPED: a bpf table");
  uint64_t code[2] = {0xb7, 0x95};
  uint64_t program[16] = {1 /* socket filter */ | 2ull << 32, (uintptr_t)code, (uintptr_t) "GPL"};
  if (syscall(SYS_bpf, 5, program, sizeof program) >= 0) puts("ESCAPED: a bpf program");
}
