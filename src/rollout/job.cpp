// Hands out samples and hands back completions.
#include "rollout/job.h"

#include <algorithm>

#include "aha/core/error.h"
#include "rollout/request_check.h"

namespace aha::rollout {

Job::Job(const GenerateOptions& options, int64_t routing_bytes)
    : options_(options), recording_{options.policy_version, routing_bytes}, cutoff_(options.enough_requests) {}

void Job::add_counted(RequestState& request) {
  open(request);
  request.rank = cutoff_.add(std::ssize(request.samples));
  counted_.push_back(&request);
  if (!request.samples.empty()) waiting_.push_back(&request);
}

void Job::add(RequestState& request) {
  open(request);
  if (request.samples.empty()) return;
  const std::lock_guard lock(queue_mutex_);
  const int64_t pages = pages_for_one(request.prompt_length(), request.max_completion_length(), shared_end_);
  if (num_workers_ == 0 || pages > pages_of_worker_) {
    waiting_.push_back(&request);
    return;
  }
  queue_.push_back({&request, 0, std::ssize(request.samples)});
  num_open_ += std::ssize(request.samples);
  ++num_queued_;
  changed_.notify_all();
}

void Job::open(RequestState& request) {
  request.open(recording_);
  const int64_t num_kept = std::ssize(request.completions) - std::ssize(request.samples);
  num_total_ += std::ssize(request.completions);
  num_done_ += num_kept;
}

bool Job::has_waiting() {
  const std::lock_guard lock(queue_mutex_);
  return !waiting_.empty();
}

std::vector<RequestState*> Job::waiting() {
  const std::lock_guard lock(queue_mutex_);
  return waiting_;
}

void Job::begin_phase(const ThreadPlan& plan, int64_t pages_of_worker, int64_t shared_end) {
  const std::lock_guard lock(queue_mutex_);
  std::vector<RequestState*> requests;
  std::vector<int64_t> num_samples;
  for (RequestState* request : std::exchange(waiting_, {})) {
    const int64_t pages = pages_for_one(request->prompt_length(), request->max_completion_length(), shared_end);
    if (pages > pages_of_worker) {
      waiting_.push_back(request);
      continue;
    }
    requests.push_back(request);
    num_samples.push_back(std::ssize(request->samples));
    num_open_ += num_samples.back();
  }
  for (const PieceRange& piece : cut_pieces(num_samples, plan)) {
    queue_.push_back({requests[piece.request], piece.begin, piece.end});
  }
  num_queued_ = std::ssize(queue_);
  num_workers_ = plan.num_workers;
  num_idle_ = 0;
  pages_of_worker_ = pages_of_worker;
  shared_end_ = shared_end;
}

// What came after the last worker had gone waits for the next phase: whole requests only, for those of the beginning
// have all been taken.
void Job::end_phase() {
  const std::lock_guard lock(queue_mutex_);
  for (const Piece& piece : queue_) waiting_.push_back(piece.request);
  queue_.clear();
  num_queued_ = num_open_ = num_workers_ = 0;
}

// Even shares of what is left, so that no worker sits on samples that another could begin.
int64_t Job::share() const { return (num_open_.load(std::memory_order_relaxed) + num_workers_ - 1) / num_workers_; }

Piece Job::pop() {
  const Piece piece = queue_.front();
  queue_.pop_front();
  --num_queued_;
  return piece;
}

bool Job::wait_for_work() {
  std::unique_lock lock(queue_mutex_);
  ++num_idle_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return !queue_.empty() || num_idle_ == num_workers_ || is_abandoned_; });
  if (queue_.empty() || is_abandoned_) return false;
  --num_idle_;
  return true;
}

bool Job::wrote(const Sample& sample) {
  if (sample.request.rank >= 0) cutoff_.wrote(sample.request.rank, sample.num_written());
  if (options_.on_token) {
    const std::lock_guard lock(callback_mutex_);
    options_.on_token(sample.request.number, sample.completion);
  }
  return has_enough(sample);
}

void Job::close(Sample& sample, bool is_ended) {
  sample.close();
  num_open_.fetch_sub(1, std::memory_order_relaxed);
  if (!is_ended) return;
  const std::lock_guard lock(callback_mutex_);
  if (sample.request.rank >= 0) cutoff_.ended(sample.request.rank);
  if (sample.request.rank >= 0 && cutoff_.is_on()) {
    withheld_.push_back(&sample);
    announce_certain();
  } else {
    announce(sample);
  }
}

void Job::announce_certain() {
  const int64_t certain = cutoff_.certain();
  std::erase_if(withheld_, [&](const Sample* sample) {
    if (sample->num_written() > certain) return false;
    announce(*sample);
    return true;
  });
}

void Job::announce(const Sample& sample) {
  ++num_done_;
  if (options_.on_completion) options_.on_completion(sample.request.number, sample.completion);
  if (options_.progress) options_.progress(num_done_, num_total_);
}

void Job::cut_off() {
  if (!cutoff_.is_on()) return;
  const std::lock_guard lock(callback_mutex_);
  const int64_t limit = cutoff_.limit();
  for (const Sample* sample : std::exchange(withheld_, {})) {
    if (sample->num_written() <= limit) announce(*sample);
  }
  for (RequestState* request : counted_) {
    for (Sample& sample : request->samples) sample.cut(limit);
  }
}

bool Job::goes_on() const {
  if (options_.stop.stop_requested()) throw StoppedError("generation stopped as asked");
  return !is_abandoned_.load(std::memory_order_relaxed);
}

void Job::abandon() {
  const std::lock_guard lock(queue_mutex_);
  is_abandoned_ = true;
  changed_.notify_all();
}

}  // namespace aha::rollout
