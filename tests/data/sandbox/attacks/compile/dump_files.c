// Makes the compiler write files elsewhere, by a pragma and by the assembler.
#pragma GCC optimize("dump-ipa-all", "stack-usage", "save-temps")
__asm__(".file \"/usr/lib/aha_attack_@TOKEN@\"");
int main(void) { return 0; }
