// Products of the decoder on one thread. Figures: GFLOP/s and GB/s of weights read, each beside what the machine does
// at best in the same run; the larger of the two shares is the one that counts.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <type_traits>
#include <vector>

#include "aha/ops/cpu_gemm.h"
#include "aha/ops/machine_speed.h"

namespace aha::ops {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The best round counts: others use the machine too.
template <class Function>
double best_seconds(benchmark::State& state, double flops, Function function) {
  const int repeats = std::max(1, static_cast<int>(2e7 / flops));
  double best = 1e9;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) function(i);
    const double run = seconds_since(start);
    state.SetIterationTime(run);
    best = std::min(best, run / repeats);
  }
  return best;
}

std::vector<float> values(int64_t count) {
  std::vector<float> x(static_cast<size_t>(count));
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 2654435761u % 2000) * 1e-3f - 1.0f;
  return x;
}

// Weights of `total_bytes` in turn: one stays in the cache, many come from memory.
void multiply(benchmark::State& state, NumberType type, int64_t total_bytes) {
  const int64_t m = state.range(0), n = state.range(1), k = state.range(2);
  const int64_t num_weights = std::max<int64_t>(1, total_bytes / (n * k * bytes_of(type)));
  const auto x = values(m * k), w = values(n * k);
  std::vector<float> y(static_cast<size_t>(m * n));
  std::vector<PackedWeight> weights;
  for (int64_t i = 0; i < num_weights; ++i) weights.emplace_back(w.data(), n, k, k, type);
  const double flops = 2.0 * static_cast<double>(m * n * k), bytes = static_cast<double>(weights[0].bytes());
  size_t next = 0;
  const double best =
      best_seconds(state, flops, [&](int) { weights[next++ % weights.size()].multiply(x.data(), m, k, y.data(), n); });
  const double peak = gemm_flops_per_second(1, type);
  const double bandwidth = read_bytes_per_second(1, std::max(total_bytes, weights[0].bytes()));
  state.counters["GFLOP/s"] = flops / best * 1e-9;
  state.counters["of_peak"] = flops / best / peak;
  state.counters["GB/s"] = bytes / best * 1e-9;
  state.counters["of_bandwidth"] = bytes / best / bandwidth;
}

void cached_float32(benchmark::State& state) { multiply(state, NumberType::kFloat32, 0); }
void cached_bfloat16(benchmark::State& state) { multiply(state, NumberType::kBFloat16, 0); }
void memory_float32(benchmark::State& state) { multiply(state, NumberType::kFloat32, int64_t{192} << 20); }
void memory_bfloat16(benchmark::State& state) { multiply(state, NumberType::kBFloat16, int64_t{192} << 20); }

// The scores (transposed) or the sums of values of `m` heads against a page of 64 tokens, `width` numbers each.
template <class Number>
void page(benchmark::State& state, bool is_transposed, void (*product)(const GemmOnceArgs<Number>&) = gemm_once) {
  const int64_t m = state.range(0), width = state.range(1), tokens = 64;
  const int64_t n = is_transposed ? tokens : width, k = is_transposed ? width : tokens;
  const auto a = values(m * k), b = values(tokens * width);
  std::vector<Number> numbers(b.size());
  if constexpr (std::is_same_v<Number, float>)
    numbers = b;
  else
    round_to_bfloat16(b.data(), tokens * width, numbers.data());
  std::vector<float> c(static_cast<size_t>(m * n)), d(c.size());
  const double flops = 2.0 * static_cast<double>(m * n * k);
  const double best = best_seconds(state, flops, [&](int) {
    product(GemmOnceArgs<Number>{a.data(), numbers.data(), c.data(), m, n, k, k, width, n, is_transposed});
  });
  double best_packed = 1e9;
  for (int i = 0; i < 1000; ++i) {
    const auto start = std::chrono::steady_clock::now();
    gemm(GemmArgs<float>{a.data(), b.data(), d.data(), m, n, k, k, width, n, false, is_transposed});
    best_packed = std::min(best_packed, seconds_since(start));
  }
  state.counters["GFLOP/s"] = flops / best * 1e-9;
  state.counters["times_gemm"] = best_packed / best;
}
void page_scores(benchmark::State& state) { page<float>(state, true); }
void page_values(benchmark::State& state) { page<float>(state, false); }
void page_scores_bfloat16(benchmark::State& state) { page<uint16_t>(state, true); }
void page_scores_rounded(benchmark::State& state) { page<uint16_t>(state, true, gemm_once_rounded); }
void page_values_bfloat16(benchmark::State& state) { page<uint16_t>(state, false); }

// Barriers of all threads, one after the other. A free second core makes them shorter than a microsecond.
void team_barrier(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  Team team(size);
  constexpr int kBarriers = 1000;
  double best = 1e9;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    team.run(size, [&](Share share) {
      for (int i = 0; i < kBarriers; ++i) team.barrier(share);
    });
    const double seconds = seconds_since(start);
    state.SetIterationTime(seconds);
    best = std::min(best, seconds / kBarriers);
  }
  state.counters["barriers/s"] = 1 / best;
}

void weight_shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"M", "N", "K"})->UseManualTime()->Iterations(40);
  for (const auto& [n, k] : {std::pair{128, 384}, std::pair{768, 640}, std::pair{768, 4096}})
    for (const int64_t m : {1, 2, 4, 8, 64}) bench->Args({m, n, k});
}
void page_shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"M", "width"})->UseManualTime()->Iterations(40);
  for (const int64_t width : {48, 160, 192})
    for (const int64_t m : {4, 8, 12, 64}) bench->Args({m, width});
}

BENCHMARK(cached_float32)->Apply(weight_shapes);
BENCHMARK(cached_bfloat16)->Apply(weight_shapes);
BENCHMARK(memory_float32)->Apply(weight_shapes);
BENCHMARK(memory_bfloat16)->Apply(weight_shapes);
BENCHMARK(page_scores)->Apply(page_shapes);
BENCHMARK(page_values)->Apply(page_shapes);
BENCHMARK(page_scores_bfloat16)->Apply(page_shapes);
BENCHMARK(page_scores_rounded)->Apply(page_shapes);
BENCHMARK(page_values_bfloat16)->Apply(page_shapes);
BENCHMARK(team_barrier)->ArgName("threads")->Arg(2)->UseManualTime()->Iterations(40);

}  // namespace
}  // namespace aha::ops
