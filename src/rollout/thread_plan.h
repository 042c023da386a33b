// How a run uses its threads: workers side by side, or a few that work together on each step.
#pragma once
#include <cstdint>
#include <vector>

namespace aha::rollout {

/// W workers, each with sequences of its own, of T threads each; W·T is the number of threads.
struct ThreadPlan {
  int num_workers = 1, threads_per_worker = 1;
  bool cuts_groups = false;  // samples of a prompt may go to several workers, each of which then reads it
  bool operator==(const ThreadPlan&) const = default;
};

/// What is to be written.
struct RunShape {
  int64_t num_requests = 0, num_samples = 0;
  int64_t prompt_tokens = 0;      // of all requests
  int64_t completion_tokens = 0;  // of all samples, at most
  int64_t most_pages = 0;         // that a prompt with one completion may need
};

/// What there is to write it with.
struct RunMeans {
  int num_threads = 1;
  int64_t num_pages = 0;        // of the cache, which is parted among the workers
  int64_t weight_bytes = 0;     // that a step reads
  int64_t cpu_cache_bytes = 0;  // the processor's last level
  bool is_cpu = true;
};

/// As many workers as have enough to do and to hold: workers wait for nobody, a team does several times a layer; but a
/// team reads the weights once, for the rows of all.
ThreadPlan plan_threads(const RunShape& shape, const RunMeans& means);

/// Samples [begin, end) of a request, for one worker.
struct PieceRange {
  int64_t request, begin, end;
  bool operator==(const PieceRange&) const = default;
};

/// Whole requests, or, where groups may be cut, cut at the ends of the workers' even shares.
std::vector<PieceRange> cut_pieces(const std::vector<int64_t>& samples_of_request, const ThreadPlan& plan);

/// The processor's last-level cache as this process sees it; a guess where the system does not say.
int64_t last_level_cache_bytes();

}  // namespace aha::rollout
