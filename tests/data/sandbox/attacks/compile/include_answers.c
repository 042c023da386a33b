// Includes a file of the host: the compiler's complaint would quote it.
// control
#include "@CANARY@"
int main(void) { return 0; }
