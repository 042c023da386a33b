// Includes itself for ever.
// expect: compile_error|timeout|memory; once
#include __FILE__
int main(void) { return 0; }
