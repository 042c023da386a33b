// Lets the assembler include a file of the host: its complaint would quote it.
__asm__(".include \"@CANARY@\"");
int main(void) { return 0; }
