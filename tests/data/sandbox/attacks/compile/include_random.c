// Takes random bytes without end into the program as data.
// expect: compile_error|timeout|memory|output_limit; once
__asm__(".incbin \"/dev/urandom\"");
int main(void) { return 0; }
