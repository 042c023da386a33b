// Makes one complaint with a type of a million letters.
// expect: compile_error|timeout|memory|output_limit; once
template <class A, class B>
struct Pair {};
template <int n>
struct Grow {
  using type = Pair<typename Grow<n - 1>::type, typename Grow<n - 1>::type>;
};
template <>
struct Grow<0> {
  using type = int;
};
int main() { return Grow<16>::type::missing; }
