// Includes password and account files: the compiler's complaint would quote them.
// expect: compile_error
#include "/etc/shadow"
int main() {}
