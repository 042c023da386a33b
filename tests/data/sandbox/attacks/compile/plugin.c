// Asks the compiler to load code, by a pragma.
#pragma GCC optimize("fplugin=/tmp/aha_attack.so", "fdump-tree-all=/tmp/aha_attack_@TOKEN@")
#pragma GCC optimize "-wrapper,/bin/sh"
#include <stdio.h>
int main(void) { puts("compiled"); }
