// Prints the right answer and throws while it clears up.
// output: 42; expect: runtime_error
#include <cstdio>
#include <stdexcept>
struct Thrower {
  ~Thrower() noexcept(false) { throw std::runtime_error("late"); }
} thrower;
int main() {
  std::puts("42");
  std::fflush(stdout);
}
