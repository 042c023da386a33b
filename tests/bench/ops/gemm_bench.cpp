// Speed of our matrix product beside at::mm in the same run, one thread. Figures: GFLOP/s and the ratio of the two.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>

#include <benchmark/benchmark.h>

#include <chrono>

#include "aha/ops/cpu_gemm.h"

namespace aha::ops {
namespace {

template <class Function>
double seconds_of(Function function) {
  const auto start = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Runs both in turn, so that a noisy neighbour disturbs both alike; the best round of each counts.
template <class Ours, class Theirs>
void compare(benchmark::State& state, double flops, Ours ours, Theirs theirs) {
  at::set_num_threads(1);
  at::NoGradGuard no_grad;
  const int repeats = std::max(1, static_cast<int>(2e7 / flops));
  double best_ours = 1e9, best_theirs = 1e9;
  for (auto _ : state) {
    const double run = seconds_of([&] {
      for (int i = 0; i < repeats; ++i) ours();
    });
    state.SetIterationTime(run);
    best_ours = std::min(best_ours, run / repeats);
    best_theirs = std::min(best_theirs, seconds_of([&] {
                                          for (int i = 0; i < repeats; ++i) theirs();
                                        }) / repeats);
  }
  state.counters["GFLOP/s"] = flops / best_ours * 1e-9;
  state.counters["torch_GFLOP/s"] = flops / best_theirs * 1e-9;
  state.counters["times_torch"] = best_theirs / best_ours;
}

at::Tensor stored(int64_t rows, int64_t columns, bool transposed) {
  return transposed ? at::randn({columns, rows}) : at::randn({rows, columns});
}

void product(benchmark::State& state, bool transpose_a, bool transpose_b) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  const at::Tensor a = stored(m, k, transpose_a), b = stored(k, n, transpose_b);
  at::Tensor c = at::empty({m, n}), d = at::empty({m, n});
  const at::Tensor a_view = transpose_a ? a.t() : a, b_view = transpose_b ? b.t() : b;
  compare(
      state, 2.0 * m * n * k,
      [&] {
        gemm(GemmArgs<float>{a.data_ptr<float>(), b.data_ptr<float>(), c.data_ptr<float>(), m, n, k, a.size(1),
                             b.size(1), n, transpose_a, transpose_b});
      },
      [&] { at::mm_out(d, a_view, b_view); });
}

void forward(benchmark::State& state) { product(state, false, true); }
void input_gradient(benchmark::State& state) { product(state, false, false); }
void weight_gradient(benchmark::State& state) { product(state, true, false); }

void packed(benchmark::State& state) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  const at::Tensor x = at::randn({m, k}), w = at::randn({n, k});
  at::Tensor y = at::empty({m, n}), z = at::empty({m, n});
  const PackedWeight weight(w.data_ptr<float>(), n, k, k);
  compare(
      state, 2.0 * m * n * k, [&] { weight.multiply(x.data_ptr<float>(), m, k, y.data_ptr<float>(), n); },
      [&] { at::mm_out(z, x, w.t()); });
}

void training_shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"M", "N", "K"})->UseManualTime()->Iterations(30);
  for (const int64_t m : {64, 128, 512, 2048})
    for (const auto& [n, k] : {std::pair{384, 128}, std::pair{128, 384}, std::pair{320, 128}, std::pair{96, 128}})
      bench->Args({m, n, k});
}
void weight_shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"M", "N", "K"})->UseManualTime()->Iterations(30);
  for (const int64_t k : {128, 512, 2048})
    for (const auto& [m, n] : {std::pair{384, 128}, std::pair{128, 384}, std::pair{320, 128}}) bench->Args({m, n, k});
}
void decode_shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"M", "N", "K"})->UseManualTime()->Iterations(30);
  for (const int64_t m : {1, 2, 3, 4, 8, 16, 64, 512})
    for (const auto& [n, k] : {std::pair{384, 128}, std::pair{128, 384}, std::pair{320, 128}}) bench->Args({m, n, k});
}

BENCHMARK(forward)->Apply(training_shapes);
BENCHMARK(input_gradient)->Apply(training_shapes);
BENCHMARK(weight_gradient)->Apply(weight_shapes);
BENCHMARK(packed)->Apply(decode_shapes);

}  // namespace
}  // namespace aha::ops
