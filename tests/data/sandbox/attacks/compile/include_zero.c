// Includes a file without end.
// expect: compile_error|timeout|memory|output_limit; timeout: 2
#include "/dev/zero"
int main(void) { return 0; }
