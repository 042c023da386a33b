// Makes semaphores of the System V kind that outlive it.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/sem.h>
int main(void) { puts(semget(IPC_PRIVATE, 1000, IPC_CREAT | 0666) >= 0 ? "ESCAPED: System V semaphores" : "stopped"); }
