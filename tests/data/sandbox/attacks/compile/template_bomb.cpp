// Makes the compiler expand templates twice as many at each depth.
// expect: compile_error|timeout|memory; once
template <int depth, int path>
struct Tree {
  static constexpr long value = Tree<depth - 1, 2 * path>::value + Tree<depth - 1, 2 * path + 1>::value;
};
template <int path>
struct Tree<0, path> {
  static constexpr long value = path;
};
int main() { return Tree<26, 1>::value & 1; }
