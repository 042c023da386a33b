// Rounds of reading and of multiplying on a team of threads, of which the best count: others use the machine too.
#include "aha/ops/machine_speed.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "aha/core/error.h"
#include "ops/cpu/aligned_numbers.h"
#include "ops/cpu/kernels.h"

namespace aha::ops {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSeconds = 0.2;           // of rounds
constexpr int64_t kRoundBytes = 16 << 20;  // read in a round by all threads together
constexpr int64_t kPanelFloats = 8192;
constexpr int64_t kPanelBytes = kPanelFloats * static_cast<int64_t>(sizeof(float));

double seconds_between(Clock::time_point start, Clock::time_point end) {
  return std::chrono::duration<double>(end - start).count();
}

// What each thread of a round saw of the clock; the round lasts from the first to the last.
struct Times {
  explicit Times(int num_threads) : begins(static_cast<size_t>(num_threads)), ends(begins) {}
  double seconds() const {
    return seconds_between(*std::min_element(begins.begin(), begins.end()),
                           *std::max_element(ends.begin(), ends.end()));
  }
  std::vector<Clock::time_point> begins, ends;
};

// round(share, index) on all threads at once, for a while; the time of the fastest round. prepare(share) runs first.
template <class Prepare, class Round>
double best_seconds(Team& team, Prepare prepare, Round round) {
  double best = 0, total = 0;
  Times times(team.size());
  team.run(team.size(), [&](Share share) {
    const auto part = static_cast<size_t>(share.part);
    prepare(share);
    for (int64_t index = 0; index == 0 || total < kSeconds; ++index) {
      team.barrier(share);
      times.begins[part] = Clock::now();
      round(share, index);
      times.ends[part] = Clock::now();
      team.barrier(share);
      if (share.part == 0) {
        best = index == 0 ? times.seconds() : std::min(best, times.seconds());
        total += times.seconds();
      }
      team.barrier(share);  // all see the same total
    }
  });
  return best;
}

// Random numbers have no use here, but a page that nothing was written to may be one and the same zero page.
void fill(float* numbers, int64_t count) {
  for (int64_t i = 0; i < count; ++i) numbers[i] = static_cast<float>(i % 7) - 3.0f;
}

// A stretch of each thread's memory, short enough to pass between two interruptions; the next round takes the next.
struct Stretches {
  Stretches(int num_threads, int64_t bytes) {
    num_panels = bytes / kPanelBytes / num_threads;
    AHA_CHECK(num_panels > 0, std::to_string(bytes) + " bytes are too few to read for so many threads");
    length = std::min(num_panels, std::max<int64_t>(1, kRoundBytes / kPanelBytes / num_threads));
    passes = std::max<int64_t>(1, kRoundBytes / (length * num_threads * kPanelBytes));
  }
  int64_t first_panel(int64_t round) const { return round % (num_panels / length) * length; }

  int64_t num_panels;      // of a thread
  int64_t length, passes;  // of a round
};

// Reading is a product with one row: four streams side by side, faster than any one.
void read_panels(const float* panels, int64_t count, const float* x, float* y) {
  const int64_t width = cpu_kernels().panel_width;
  cpu_kernels().multiply({.a = x,
                          .lda = kPanelFloats / width,
                          .a_transposed = false,
                          .b = panels,
                          .row_stride = width,
                          .panel_stride = kPanelFloats,
                          .c = y,
                          .ldc = 0,
                          .m = 1,
                          .n = count * width,
                          .k = kPanelFloats / width,
                          .accumulate = false});
}

}  // namespace

double read_bytes_per_second(int num_threads, int64_t bytes) {
  Team team(num_threads);
  const Stretches stretches(num_threads, bytes);
  const int64_t own = stretches.num_panels * kPanelFloats;
  const std::unique_ptr<float, FreeNumbers> memory(allocate_numbers<float>(num_threads * own));
  const std::vector<float> x(kPanelFloats, 1.0f);
  std::vector<std::vector<float>> results(static_cast<size_t>(num_threads));
  const double seconds = best_seconds(
      team,
      [&](Share share) {
        fill(memory.get() + share.part * own, own);
        results[static_cast<size_t>(share.part)].resize(
            static_cast<size_t>(stretches.length * cpu_kernels().panel_width));
      },
      [&](Share share, int64_t round) {
        const float* first = memory.get() + share.part * own + stretches.first_panel(round) * kPanelFloats;
        for (int64_t pass = 0; pass < stretches.passes; ++pass)
          read_panels(first, stretches.length, x.data(), results[static_cast<size_t>(share.part)].data());
      });
  return static_cast<double>(num_threads * stretches.length * stretches.passes * kPanelBytes) / seconds;
}

// Caches are each core's own, so that every thread may take its best round when it comes.
double gemm_flops_per_second(int num_threads, NumberType type) {
  Team team(num_threads);
  constexpr int64_t kRows = 96, kColumns = 384, kDepth = 384;
  std::vector<float> weight(kColumns * kDepth), x(kRows * kDepth);
  fill(weight.data(), kColumns * kDepth);
  fill(x.data(), kRows * kDepth);
  std::vector<double> best(static_cast<size_t>(num_threads));
  team.run(num_threads, [&](Share share) {
    const PackedWeight own(weight.data(), kColumns, kDepth, kDepth, type);
    std::vector<float> y(kRows * kColumns);
    const Clock::time_point begin = Clock::now();
    for (Clock::time_point start = begin, end; seconds_between(begin, start) < kSeconds; start = end) {
      own.multiply(x.data(), kRows, kDepth, y.data(), kColumns);
      end = Clock::now();
      best[static_cast<size_t>(share.part)] =
          std::max(best[static_cast<size_t>(share.part)], 1 / seconds_between(start, end));
    }
  });
  return 2.0 * kRows * kColumns * kDepth * std::accumulate(best.begin(), best.end(), 0.0);
}

}  // namespace aha::ops
