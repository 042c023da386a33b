// Row functions, written on sixteen lanes. Included inside the namespace of an instruction set.
//
// Sums run in sixteen lanes (dot: four times sixteen) and are folded in halves, so that their order depends on the
// row's width alone, not on the instruction set.

// exp(x) = 2^n · exp(r), |r| <= ln(2) / 2; the polynomial is a minimax fit of (exp(r) - 1 - r) / r² in relative error.
AHA_LANES F16 exp_lanes(F16 x) {
  // Beyond these the result is 0 or infinity. The order of the operands keeps a NaN.
  x = min(all(89.0f), max(all(-105.0f), x));
  const F16 n = round(mul(x, all(1.44269504f)));
  F16 r = fma(n, all(-0x1.62e4p-1f), x);  // ln(2) in two parts, the first with room for n
  r = fma(n, all(-0x1.7f7d1cp-20f), r);
  F16 q = all(0x1.6a107ep-10f);
  q = fma(q, r, all(0x1.1245c8p-7f));
  q = fma(q, r, all(0x1.55593cp-5f));
  q = fma(q, r, all(0x1.555482p-3f));
  q = fma(q, r, all(0x1.fffffcp-2f));
  const F16 p = add(fma(mul(q, r), r, r), all(1.0f));
  return scale_by_power(p, n);
}

AHA_LANES F16 sigmoid_lanes(F16 x) { return div(all(1.0f), add(all(1.0f), exp_lanes(sub(zero(), x)))); }

// step(i, count) for each block of 16; count < 16 in the last one alone.
template <class Step>
AHA_LANES void for_blocks(int64_t width, Step step) {
  int64_t i = 0;
  for (; i + 16 <= width; i += 16) step(i, 16);
  if (i < width) step(i, width - i);
}
AHA_LANES F16 load_block(const float* p, int64_t i, int64_t count, float fill = 0.0f) {
  return count == 16 ? load(p + i) : load_part(p + i, count, fill);
}
AHA_LANES void store_block(float* p, int64_t i, int64_t count, F16 x) {
  if (count == 16)
    store(p + i, x);
  else
    store_part(p + i, count, x);
}

static void exp(const float* x, int64_t width, float* y) {
  for_blocks(width, [&](int64_t i, int64_t count) { store_block(y, i, count, exp_lanes(load_block(x, i, count))); });
}

static void sigmoid(const float* x, int64_t width, float* y) {
  for_blocks(width,
             [&](int64_t i, int64_t count) { store_block(y, i, count, sigmoid_lanes(load_block(x, i, count))); });
}

static float rms_norm(const float* x, const float* weight, float eps, int64_t width, float* y) {
  F16 squares = zero();
  for_blocks(width, [&](int64_t i, int64_t count) {
    const F16 v = load_block(x, i, count);
    squares = fma(v, v, squares);
  });
  const float inverse = 1.0f / __builtin_sqrtf(sum_lanes(squares) / static_cast<float>(width) + eps);
  for_blocks(width, [&](int64_t i, int64_t count) {
    const F16 v = mul(load_block(x, i, count), all(inverse));
    store_block(y, i, count, mul(load_block(weight, i, count), v));
  });
  return inverse;
}

static void rms_norm_backward(const float* x, const float* weight, const float* grad, float inverse, int64_t width,
                              float* grad_x, float* grad_weight) {
  F16 sum = zero();
  for_blocks(width, [&](int64_t i, int64_t count) {
    const F16 v = load_block(x, i, count), d = load_block(grad, i, count);
    sum = fma(mul(load_block(weight, i, count), d), v, sum);
    store_block(grad_weight, i, count, fma(d, mul(v, all(inverse)), load_block(grad_weight, i, count)));
  });
  const F16 along = all(-(inverse * inverse * inverse) * (sum_lanes(sum) / static_cast<float>(width)));
  for_blocks(width, [&](int64_t i, int64_t count) {
    const F16 direct = mul(all(inverse), mul(load_block(weight, i, count), load_block(grad, i, count)));
    store_block(grad_x, i, count, fma(along, load_block(x, i, count), direct));
  });
}

static void swiglu(const float* gate, const float* up, int64_t width, float* y) {
  for_blocks(width, [&](int64_t i, int64_t count) {
    const F16 g = load_block(gate, i, count);
    store_block(y, i, count, mul(mul(g, sigmoid_lanes(g)), load_block(up, i, count)));
  });
}

static void swiglu_backward(const float* gate, const float* up, const float* grad, int64_t width, float* grad_gate,
                            float* grad_up, float* y) {
  for_blocks(width, [&](int64_t i, int64_t count) {
    const F16 g = load_block(gate, i, count), u = load_block(up, i, count), d = load_block(grad, i, count);
    const F16 s = sigmoid_lanes(g);
    const F16 silu = mul(g, s);
    const F16 slope = fma(silu, sub(all(1.0f), s), s);
    store_block(y, i, count, mul(silu, u));
    store_block(grad_up, i, count, mul(d, silu));
    store_block(grad_gate, i, count, mul(mul(d, u), slope));
  });
}

// Rows are 8 to 64 wide, and pairs lie side by side: nothing to gain from lanes.
static void rope(float* x, const float* cosine, const float* sine, int64_t width, float sign) {
  for (int64_t i = 0; i < width / 2; ++i) {
    const float a = x[2 * i], b = x[2 * i + 1], s = sign * sine[i];
    x[2 * i] = a * cosine[i] - b * s;
    x[2 * i + 1] = a * s + b * cosine[i];
  }
}

static void rope_half(float* x, const float* cosine, const float* sine, int64_t width, float sign) {
  float* upper = x + width / 2;
  for_blocks(width / 2, [&](int64_t i, int64_t count) {
    const F16 a = load_block(x, i, count), b = load_block(upper, i, count);
    const F16 c = load_block(cosine, i, count), s = mul(all(sign), load_block(sine, i, count));
    store_block(x, i, count, sub(mul(a, c), mul(b, s)));
    store_block(upper, i, count, fma(a, s, mul(b, c)));
  });
}

AHA_LANES float scaled_max(const float* x, float scale, int64_t width) {
  F16 largest = all(-__builtin_inff());
  for_blocks(width,
             [&](int64_t i, int64_t count) { largest = max(largest, mul(load_block(x, i, count, x[0]), all(scale))); });
  return max_lanes(largest);
}

// exp(scale · x - shift), zero in the lanes beyond the row.
AHA_LANES F16 shifted_block(const float* x, F16 scale, F16 shift, int64_t i, int64_t count) {
  const F16 t = sub(mul(load_block(x, i, count), scale), shift);
  if (count == 16) return t;
  alignas(64) float lane[16];
  store(lane, t);
  return load_part(lane, count, -__builtin_inff());
}

static SoftmaxSums softmax_sums(const float* x, float scale, int64_t width) {
  const float largest = scaled_max(x, scale, width);
  F16 sum = zero(), weighted = zero();
  for_blocks(width, [&](int64_t i, int64_t count) {
    const F16 t = shifted_block(x, all(scale), all(largest), i, count);
    const F16 e = exp_lanes(t);
    sum = add(sum, e);
    weighted = fma(e, max(all(-105.0f), t), weighted);  // 0 · -inf would be NaN
  });
  return {largest, sum_lanes(sum), sum_lanes(weighted)};
}

static SoftmaxSums softmax(float* x, float scale, int64_t width) {
  const float largest = scaled_max(x, scale, width);
  F16 sum = zero();
  for_blocks(width, [&](int64_t i, int64_t count) {
    const F16 e = exp_lanes(shifted_block(x, all(scale), all(largest), i, count));
    sum = add(sum, e);
    store_block(x, i, count, e);
  });
  const float total = sum_lanes(sum);
  const F16 inverse = all(1.0f / total);
  for_blocks(width, [&](int64_t i, int64_t count) { store_block(x, i, count, mul(load_block(x, i, count), inverse)); });
  return {largest, total, 0.0f};
}

static void scaled_exp(float* x, float scale, float shift, float factor, int64_t width) {
  for_blocks(width, [&](int64_t i, int64_t count) {
    const F16 t = sub(mul(load_block(x, i, count), all(scale)), all(shift));
    store_block(x, i, count, mul(all(factor), exp_lanes(t)));
  });
}

static float dot(const float* x, const float* y, int64_t width) {
  F16 sum[4] = {zero(), zero(), zero(), zero()};
  int64_t i = 0;
  for (; i + 64 <= width; i += 64)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sum[j] = fma(load(x + i + 16 * j), load(y + i + 16 * j), sum[j]);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j, i += 16) {
    if (i >= width) break;
    const int64_t count = width - i < 16 ? width - i : 16;
    sum[j] = fma(load_block(x, i, count), load_block(y, i, count), sum[j]);
  }
  return sum_lanes(add(add(sum[0], sum[1]), add(sum[2], sum[3])));
}

static void axpy(float a, const float* x, float* y, int64_t width) {
  for_blocks(width, [&](int64_t i, int64_t count) {
    store_block(y, i, count, fma(all(a), load_block(x, i, count), load_block(y, i, count)));
  });
}

// A macro, as the table must be a constant beside each namespace that includes this file.
#define AHA_CPU_KERNELS(set_name, set)                                                                           \
  {                                                                                                              \
    .name = set_name, .panel_width = set::kPanelWidth, .pack = set::pack<float>,                                 \
    .multiply = set::multiply<float, float>, .pack_bfloat16 = set::pack<uint16_t>,                               \
    .multiply_bfloat16 = set::multiply<float, uint16_t>, .multiply_turned = set::multiply_turned<float, float>,  \
    .multiply_turned_bfloat16 = set::multiply_turned<float, uint16_t>, .round_bfloat16 = set::round_numbers,     \
    .widen_bfloat16 = set::widen_numbers, .exp = set::exp, .sigmoid = set::sigmoid, .rms_norm = set::rms_norm,   \
    .rms_norm_backward = set::rms_norm_backward, .swiglu = set::swiglu, .swiglu_backward = set::swiglu_backward, \
    .rope = set::rope, .rope_half = set::rope_half, .softmax = set::softmax, .softmax_sums = set::softmax_sums,  \
    .scaled_exp = set::scaled_exp, .dot = set::dot, .axpy = set::axpy, .pairs = {                                \
      .name = set_name,                                                                                          \
      .panel_width = set::kPanelWidth,                                                                           \
      .round = set::round_pairs,                                                                                 \
      .pack = set::pack_pairs,                                                                                   \
      .pack_rows = set::pack_pair_rows,                                                                          \
      .multiply = set::multiply<Pair, Pair>,                                                                     \
      .multiply_turned = set::multiply_turned<Pair, uint16_t>                                                    \
    }                                                                                                            \
  }
