// Gives the linker orders: other symbols, other entry, a file of the host as message.
__asm__(".section .gnu.warning.main\n.incbin \"@CANARY@\"\n.previous");
__asm__(".section .drectve\n.ascii \" INPUT(@CANARY@) \"\n.previous");
int main(void) { return 0; }
