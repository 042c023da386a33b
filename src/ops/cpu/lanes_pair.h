// Products of pairs where no instruction does them: both numbers widened, the earlier one first.
// Included inside the namespace of the instruction set.

AHA_LANES F16 add_pair(F16 x, F16 y, F16 sum) {
  return fma(widen_high(x), widen_high(y), fma(widen_low(x), widen_low(y), sum));
}
