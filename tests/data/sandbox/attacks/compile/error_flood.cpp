// Makes the compiler complain for ever.
// expect: compile_error|timeout|memory|output_limit; once
#define A(x) x x x x x x x x x x
#define B(x) A(A(A(A(x))))
B(int a = undeclared + undeclared;)
int main() {}
