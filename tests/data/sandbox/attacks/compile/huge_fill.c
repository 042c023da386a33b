// Lets the assembler write 4 GB of zeros.
// expect: compile_error|timeout|memory|runtime_error; once
__asm__(".data\n.fill 4000000000, 1, 7\n.text");
int main(void) { return 0; }
