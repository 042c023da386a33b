// Includes itself for ever.
// expect: compile_error|timeout|memory; timeout: 2
#include __FILE__
int main(void) { return 0; }
