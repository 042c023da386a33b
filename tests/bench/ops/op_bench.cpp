// Forward and backward of an op beside the same in plain Torch operations, one thread, in the same run.
#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/silu.h>
#include <torch/csrc/autograd/autograd.h>

#include <benchmark/benchmark.h>
#include <time.h>

#include "aha/ops/linear.h"
#include "aha/ops/rms_norm.h"
#include "aha/ops/swiglu_mlp.h"
#include "aha/ops/token_logprob.h"

namespace aha::ops {
namespace {

using Tensors = std::vector<at::Tensor>;

// Of this thread alone: a neighbour that takes the core does not count.
double cpu_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <class Function>
double step_seconds(const Tensors& inputs, Function function) {
  const double start = cpu_seconds();
  const at::Tensor y = function(inputs);
  torch::autograd::grad({y}, inputs, {at::ones_like(y)});
  return cpu_seconds() - start;
}

template <class Ours, class Theirs>
void compare(benchmark::State& state, const Tensors& inputs, Ours ours, Theirs theirs) {
  at::set_num_threads(1);
  double best_ours = 1e9, best_theirs = 1e9;
  for (auto _ : state) {
    const double run = step_seconds(inputs, ours);
    state.SetIterationTime(run);
    best_ours = std::min(best_ours, run);
    best_theirs = std::min(best_theirs, step_seconds(inputs, theirs));
  }
  state.counters["us"] = best_ours * 1e6;
  state.counters["torch_us"] = best_theirs * 1e6;
  state.counters["times_torch"] = best_theirs / best_ours;
}

at::Tensor leaf(at::IntArrayRef shape) { return at::randn(shape).requires_grad_(true); }

void linear_step(benchmark::State& state) {
  compare(
      state, {leaf({state.range(0), 128}), leaf({384, 128})},
      [](const Tensors& in) { return ops::linear(in[0], in[1]); },
      [](const Tensors& in) { return at::mm(in[0], in[1].t()); });
}

void rms_norm_step(benchmark::State& state) {
  compare(
      state, {leaf({state.range(0), 128}), leaf({128})},
      [](const Tensors& in) { return ops::rms_norm(in[0], in[1], 1e-6); },
      [](const Tensors& in) { return in[1] * (in[0] * (in[0].square().mean(1, true) + 1e-6).rsqrt()); });
}

void swiglu_mlp_step(benchmark::State& state) {
  compare(
      state, {leaf({state.range(0), 128}), leaf({768, 128}), leaf({128, 384})},
      [](const Tensors& in) { return swiglu_mlp(in[0], in[1], in[2]); },
      [](const Tensors& in) {
        const auto halves = at::mm(in[0], in[1].t()).chunk(2, 1);
        return at::mm(at::silu(halves[0]) * halves[1], in[2].t());
      });
}

void token_logprob_step(benchmark::State& state) {
  const auto target = at::randint(0, 320, {state.range(0)}, at::kLong);
  compare(
      state, {leaf({state.range(0), 128}), leaf({320, 128})},
      [&](const Tensors& in) { return token_logprob(in[0], in[1], target).logprob_T; },
      [&](const Tensors& in) {
        return at::log_softmax(at::mm(in[0], in[1].t()), 1).gather(1, target.unsqueeze(1)).squeeze(1);
      });
}

BENCHMARK(linear_step)->ArgName("T")->Arg(64)->Arg(1024)->UseManualTime()->Iterations(100);
BENCHMARK(rms_norm_step)->ArgName("T")->Arg(64)->Arg(1024)->UseManualTime()->Iterations(100);
BENCHMARK(swiglu_mlp_step)->ArgName("T")->Arg(64)->Arg(1024)->UseManualTime()->Iterations(100);
BENCHMARK(token_logprob_step)->ArgName("T")->Arg(64)->Arg(1024)->UseManualTime()->Iterations(100);

}  // namespace
}  // namespace aha::ops
