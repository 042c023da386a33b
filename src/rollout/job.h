// One call of Engine::generate, as its workers see it.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "aha/core/random.h"
#include "aha/rollout/engine.h"
#include "rollout/stop_strings.h"

namespace aha::rollout {

/// Samples of one prompt that one worker writes: the prompt is read once for all of them.
struct Group {
  int64_t prompt_index = 0, first_sample = 0, num_samples = 0;
};

/// The prompts, what is asked for, and where completions go. Workers share it: they take groups by an atomic counter
/// and each writes only the completions of its own.
class Job {
 public:
  struct Request {
    const SamplingParams& params;
    const SampleKey& key;
    const GenerateOptions& options;
    const data::Tokenizer* tokenizer;  // may be null
    std::vector<int32_t> eos_ids;
  };
  Job(data::CompletionBatch& batch, Request request, int num_workers, int64_t max_sequences);

  const SamplingParams& params() const { return request_.params; }
  const std::vector<int32_t>& prompt_tokens(const Group& group) const {
    return batch_.prompts[group.prompt_index].token_ids;
  }
  data::Completion& completion(int64_t prompt_index, int64_t sample_index) {
    return batch_.completions[prompt_index * batch_.num_generations + sample_index];
  }
  /// The counted random numbers of a completion.
  Random random(const data::Completion& completion) const;
  /// Sequences a worker should have at a time, so that all get the same share.
  int64_t sequences_per_worker() const { return sequences_per_worker_; }

  /// The next group, if `fits` says it can be taken now.
  template <class Fits>
  std::optional<Group> take(Fits fits) {
    size_t next = next_.load(std::memory_order_relaxed);
    while (next < groups_.size() && fits(groups_[next])) {
      if (next_.compare_exchange_weak(next, next + 1, std::memory_order_relaxed)) return groups_[next];
    }
    return std::nullopt;
  }

  /// Appends a token. @return true if it is the last
  bool append(data::Completion& completion, const SampledToken& token) const;
  /// Writes the text and counts the completion.
  void finish(data::Completion& completion);

  /// @throws StoppedError once a stop is asked for
  void check_stop() const;
  /// Another worker has failed: what is written now is thrown away.
  bool is_abandoned() const { return abandoned_.load(std::memory_order_relaxed); }
  void abandon() { abandoned_.store(true, std::memory_order_relaxed); }

 private:
  void cut_groups(int num_workers);
  bool is_eos(int32_t token) const;

  data::CompletionBatch& batch_;
  const Request request_;
  const StopStrings stop_strings_;
  int64_t sequences_per_worker_ = 0;
  std::vector<Group> groups_;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> abandoned_ = false;
  std::mutex progress_mutex_;  // completions only, never tokens
  int64_t num_done_ = 0;
};

}  // namespace aha::rollout
