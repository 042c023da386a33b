// Doubles a word forty times.
// expect: compile_error|timeout|memory; once
#define A(x) x x
#define B(x) A(A(A(A(A(A(A(A(x))))))))
#define C(x) B(B(B(B(B(x)))))
const char* text = C("0123456789");
int main(void) { return 0; }
