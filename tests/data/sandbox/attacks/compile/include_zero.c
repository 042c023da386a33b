// Includes a file without end.
// expect: compile_error|timeout|memory|output_limit; once
#include "/dev/zero"
int main(void) { return 0; }
