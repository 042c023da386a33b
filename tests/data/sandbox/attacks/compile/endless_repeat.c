// Lets the assembler repeat a line a thousand million times.
// expect: compile_error|timeout|memory; once
__asm__(".rept 1000000000\n nop\n.endr");
int main(void) { return 0; }
