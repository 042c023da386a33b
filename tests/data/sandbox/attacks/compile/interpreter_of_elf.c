// Names a file of the host as what loads the program.
const char loader[] __attribute__((section(".interp"))) = "@CANARY@";
int main(void) { return 0; }
