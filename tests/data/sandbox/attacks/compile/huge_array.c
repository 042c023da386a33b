// Asks for a program file of 8 GB.
// expect: compile_error|timeout|memory|runtime_error; once
char block[8ull << 30] = {1};
int main(void) { return block[1 << 20]; }
