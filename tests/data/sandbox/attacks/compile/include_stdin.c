// Waits for a program on the compiler's input, where nothing ever comes.
#include "/dev/stdin"
#include "/dev/fd/0"
int main(void) { return 0; }
