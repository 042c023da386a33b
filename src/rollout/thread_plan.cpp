// Chooses the number of workers from what a step reads and what there is to write.
#include "rollout/thread_plan.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace aha::rollout {

namespace {

// Beyond weights that lie in the shared cache beside everything else, a worker needs as many rows as it takes for a
// step to be arithmetic: experts are read for the rows that chose them, and two workers have half as many each.
// Measured on two cores, batch 64, team against two workers: 7.6 MB of weights 1.0, 80 MB 0.8, 410 MB 0.7 of the time.
constexpr int64_t kShareOfCache = 4;
constexpr int64_t kRowsPerRead = 64;
// A prompt may be read again by another worker where that is at most this share of the run's tokens.
constexpr int64_t kShareReadAgain = 16;
constexpr int64_t kGuessedCacheBytes = int64_t{8} << 20;

/// Groups that workers take as they become free even out; few of them must be as many for each.
bool shares_groups_evenly(const RunShape& shape, int64_t num_workers) {
  return shape.num_requests % num_workers == 0 || shape.num_requests >= 4 * num_workers;
}

bool may_cut(const RunShape& shape, int64_t num_workers) {
  const int64_t prompt = shape.prompt_tokens / std::max<int64_t>(shape.num_requests, 1);
  return (num_workers - 1) * prompt * kShareReadAgain <= shape.prompt_tokens + shape.completion_tokens;
}

bool is_busy(const RunShape& shape, const RunMeans& means, int64_t num_workers) {
  if (num_workers == 1) return true;
  const bool is_read_from_cache = means.weight_bytes * kShareOfCache <= means.cpu_cache_bytes;
  const int64_t rows = is_read_from_cache ? 1 : kRowsPerRead;
  return means.is_cpu && shape.num_samples >= num_workers * rows && means.num_pages / num_workers >= shape.most_pages &&
         (shares_groups_evenly(shape, num_workers) || may_cut(shape, num_workers));
}

}  // namespace

ThreadPlan plan_threads(const RunShape& shape, const RunMeans& means) {
  int num_workers = means.num_threads;
  while (means.num_threads % num_workers != 0 || !is_busy(shape, means, num_workers)) --num_workers;
  return {num_workers, means.num_threads / num_workers, !shares_groups_evenly(shape, num_workers)};
}

std::vector<PieceRange> cut_pieces(const std::vector<int64_t>& samples_of_request, const ThreadPlan& plan) {
  int64_t total = 0, position = 0;
  for (const int64_t count : samples_of_request) total += count;
  const int64_t share =
      plan.cuts_groups ? (total + plan.num_workers - 1) / plan.num_workers : std::max<int64_t>(total, 1);
  std::vector<PieceRange> pieces;
  for (int64_t r = 0; r < std::ssize(samples_of_request); ++r) {
    for (int64_t begin = 0; begin < samples_of_request[r];) {
      const int64_t count = std::min(samples_of_request[r] - begin, share - position % share);
      pieces.push_back({r, begin, begin + count});
      begin += count;
      position += count;
    }
  }
  return pieces;
}

int64_t last_level_cache_bytes() {
  int64_t bytes = 0;
  for (int index = 0; index < 8; ++index) {  // rising levels; "32768K"
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/size");
    int64_t size = 0;
    char unit = 0;
    if (!(file >> size)) break;
    file >> unit;
    bytes = std::max(bytes, size * (unit == 'M' ? 1 << 20 : unit == 'K' ? 1 << 10 : 1));
  }
  return bytes > 0 ? bytes : kGuessedCacheBytes;
}

}  // namespace aha::rollout
