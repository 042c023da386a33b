// One worker's share of a rollout: continuous batching of sequences over its own pages and decoder.
#pragma once
#include <vector>

#include "aha/model/decoder.h"
#include "rollout/drawer.h"
#include "rollout/residents.h"
#include "rollout/step_rows.h"

namespace aha::rollout {

struct WorkerOptions {
  int64_t max_rows = 0, max_sequences = 0;
  int num_threads = 1;
  Speculation speculation = Speculation::kNone;
  int64_t num_draft_tokens = 0;
  /// Tokens at a prompt's end that each sample computes for itself: the model's own head wants to know what follows the
  /// last one, which is not the same for all.
  int64_t shared_end() const { return speculation == Speculation::kMtp ? 1 : 0; }
};

class Worker {
 public:
  Worker(const model::DecodeWeights& weights, model::KvCache cache, const WorkerOptions& options);
  int64_t num_pages() const { return cache_.num_pages(); }
  /// Takes pieces until there are none and writes their completions. @throws StoppedError
  void run(Job& job);
  /// Of the last run, as far as a worker knows.
  const EngineStats& stats() const { return stats_; }

 private:
  void step(Job& job);
  void draw(const float* logits, Job& job);
  void take(Sequence& sequence, const Draw& draw, Job& job);
  void draft();

  const WorkerOptions options_;
  model::KvCache cache_;
  model::Decoder decoder_;
  Residents residents_;
  StepRows rows_;
  Drawer drawer_;
  std::vector<Draw> draws_;
  std::vector<model::DraftRow> draft_rows_;
  EngineStats stats_;
};

}  // namespace aha::rollout
