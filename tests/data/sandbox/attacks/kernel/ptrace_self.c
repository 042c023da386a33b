// Lets its parent trace it, and a child trace it.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/ptrace.h>
int main(void) { puts(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 ? "ESCAPED: ptrace" : "stopped"); }
