// Includes a file of the host inside a string, and prints it.
#include <cstdio>
const char text[] =
#include "@CANARY@"
    "";
int main() { std::puts(text); }
