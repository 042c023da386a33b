// Makes the compiler compute for ever.
// expect: compile_error|timeout|memory; once
constexpr unsigned long spin(unsigned long n) {
  unsigned long sum = 0;
  for (unsigned long i = 0; i < n; ++i)
    for (unsigned long j = 0; j < n; ++j) sum += i ^ j;
  return sum;
}
constexpr unsigned long a = spin(5000), b = spin(5001), c = spin(5002), d = spin(5003);
static_assert(a + b + c + d);
int main() {}
