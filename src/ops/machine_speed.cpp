// Rounds of reading or multiplying on a team of threads, of which the best counts: others use the machine too.
#include "aha/ops/machine_speed.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "aha/core/error.h"
#include "ops/cpu/aligned_numbers.h"
#include "ops/cpu/kernels.h"

namespace aha::ops {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSeconds = 0.1;           // of rounds
constexpr int64_t kRoundBytes = 64 << 20;  // read in a round, at least
constexpr int64_t kPanelRows = 256;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// round(share) on all threads at once, for a while; the time of the fastest round. prepare(share) runs first.
template <class Prepare, class Round>
double best_seconds(int num_threads, Prepare prepare, Round round) {
  Team team(num_threads);
  double best = 0;
  std::atomic<bool> is_done = false;
  team.run(num_threads, [&](Share share) {
    prepare(share);
    const Clock::time_point begin = Clock::now();
    for (int count = 0; !is_done.load(std::memory_order_relaxed); ++count) {
      team.barrier(share);
      const Clock::time_point start = Clock::now();
      round(share);
      team.barrier(share);
      if (share.part == 0) {
        const double seconds = seconds_since(start);
        best = count == 0 ? seconds : std::min(best, seconds);
        is_done.store(seconds_since(begin) > kSeconds, std::memory_order_relaxed);
      }
      team.barrier(share);  // all see the same
    }
  });
  return best;
}

// Random numbers have no use here, but a page that nothing was written to may be one and the same zero page.
void fill(float* numbers, int64_t count) {
  for (int64_t i = 0; i < count; ++i) numbers[i] = static_cast<float>(i % 7) - 3.0f;
}

}  // namespace

// Reading is a product with one row: four streams side by side, faster than any one.
double read_bytes_per_second(int num_threads, int64_t bytes) {
  const CpuKernels& kernels = cpu_kernels();
  const int64_t width = kernels.panel_width, panel = kPanelRows * width;
  const int64_t num_panels = bytes / static_cast<int64_t>(sizeof(float)) / panel;
  AHA_CHECK(num_panels >= num_threads, std::to_string(bytes) + " bytes are too few to read for so many threads");
  const std::unique_ptr<float, FreeNumbers> memory(allocate_numbers<float>(num_panels * panel));
  const std::vector<float> x(kPanelRows, 1.0f);
  std::vector<float> y(static_cast<size_t>(num_panels * width));
  const int64_t passes = std::max<int64_t>(1, kRoundBytes / bytes);
  const double seconds = best_seconds(
      num_threads,
      [&](Share share) {
        fill(memory.get() + share.begin(num_panels) * panel, (share.end(num_panels) - share.begin(num_panels)) * panel);
      },
      [&](Share share) {
        for (int64_t pass = 0; pass < passes; ++pass)
          kernels.multiply({.a = x.data(),
                            .lda = kPanelRows,
                            .a_transposed = false,
                            .b = memory.get() + share.begin(num_panels) * panel,
                            .row_stride = width,
                            .panel_stride = panel,
                            .c = y.data() + share.begin(num_panels) * width,
                            .ldc = 0,
                            .m = 1,
                            .n = (share.end(num_panels) - share.begin(num_panels)) * width,
                            .k = kPanelRows,
                            .accumulate = false});
      });
  return static_cast<double>(num_panels * panel * passes) * sizeof(float) / seconds;
}

double gemm_flops_per_second(int num_threads, NumberType type) {
  constexpr int64_t kRows = 96, kColumns = 384, kDepth = 384, kRepeats = 8;
  std::vector<float> weight(kColumns * kDepth), x(kRows * kDepth);
  fill(weight.data(), kColumns * kDepth);
  fill(x.data(), kRows * kDepth);
  std::vector<PackedWeight> weights(static_cast<size_t>(num_threads));
  std::vector<std::vector<float>> results(weights.size());
  const double seconds = best_seconds(
      num_threads,
      [&](Share share) {
        weights[static_cast<size_t>(share.part)] = PackedWeight(weight.data(), kColumns, kDepth, kDepth, type);
        results[static_cast<size_t>(share.part)].resize(kRows * kColumns);
      },
      [&](Share share) {
        const auto part = static_cast<size_t>(share.part);
        for (int64_t i = 0; i < kRepeats; ++i)
          weights[part].multiply(x.data(), kRows, kDepth, results[part].data(), kColumns);
      });
  return 2.0 * kRows * kColumns * kDepth * kRepeats * num_threads / seconds;
}

}  // namespace aha::ops
