// Says that an error lies in a file of the host, so that the compiler quotes the line.
// expect: compile_error
#line 1 "@CANARY@"
int main(void) { return undeclared; }
