// Takes a file of the host into a raw string, which may hold anything.
#include <cstdio>
const char* text = R"end(
)end"
#include "@CANARY@"
    ;
int main() { std::puts(text); }
