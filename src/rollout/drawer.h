// Draws the tokens of a step, on all threads of a worker where there are many large rows.
#pragma once
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include "aha/ops/team.h"
#include "rollout/job.h"

namespace aha::rollout {

/// A sample's next tokens: one, and another for each draft that is the very token drawn. As a draft is one token and no
/// distribution, to keep it only then is speculative sampling (arXiv:2211.17192) to the letter, and as every token has
/// a random number of its own it changes none.
struct Draw {
  Sample* sample;
  const float* logits;  // [1 + number of drafts, vocab_size]
  std::span<const int32_t> drafts;
  int64_t num_drawn = 0;
  bool is_ended = false;
};

class Drawer {
 public:
  Drawer(int64_t vocab_size, int num_threads);
  void run(std::span<Draw> draws, Job& job);
  int64_t vocab_size() const { return vocab_size_; }

 private:
  void run(Draw& draw, Sampler& sampler, Job& job) const;
  const int64_t vocab_size_;
  std::vector<std::unique_ptr<Sampler>> samplers_;  // one a thread
  std::vector<std::exception_ptr> errors_;
  std::unique_ptr<ops::Team> team_;  // null: alone
};

}  // namespace aha::rollout
