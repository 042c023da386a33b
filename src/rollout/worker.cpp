// The token loop: admit, compute, draw, release.
#include "rollout/worker.h"

#include <algorithm>

namespace aha::rollout {

namespace {

constexpr int64_t kMostLookedBack = 8192;  // tokens, for drafts

}  // namespace

Worker::Worker(const model::DecodeWeights& weights, model::KvCache cache, const WorkerOptions& options)
    : options_(options),
      cache_(std::move(cache)),
      decoder_(weights, cache_, options.max_rows, options.num_threads),
      residents_(cache_, std::min(options.max_rows, options.max_sequences), options.shared_end()),
      rows_(options.max_rows, options.speculation, options.num_draft_tokens, kMostLookedBack),
      drawer_(weights.config().vocab_size, options.num_threads) {
  draws_.reserve(options.max_rows);
  draft_rows_.reserve(options.max_rows);
}

void Worker::run(Job& job) {
  residents_.clear();
  stats_ = {};
  while (job.goes_on()) {
    residents_.admit(job);
    if (!residents_.empty()) {
      step(job);
    } else if (!job.wait_for_work()) {
      break;
    }
  }
  stats_.preemptions = residents_.num_preemptions();
  stats_.peak_cache_bytes = residents_.peak_pages() * cache_.page_bytes();
}

void Worker::step(Job& job) {
  residents_.grow();
  rows_.build(residents_);
  if (rows_.rows().empty()) return;  // all have been put back: the oldest begins again
  ++stats_.steps;
  stats_.computed_tokens += std::ssize(rows_.rows());
  draw(decoder_.step(rows_.rows()), job);
  if (options_.speculation == Speculation::kMtp) draft();
  residents_.settle();
}

void Worker::draw(const float* logits, Job& job) {
  const int64_t vocab_size = drawer_.vocab_size();
  draws_.clear();
  for (Sequence& sequence : residents_.sequences()) {
    if (sequence.logits_row < 0) continue;
    draws_.push_back({sequence.sample, logits + sequence.logits_row * vocab_size, sequence.drafts});
  }
  const int64_t num_sequence_draws = std::ssize(draws_);
  for (const auto& group : residents_.groups()) {
    group->num_computed += group->num_rows;
    if (group->logits_row < 0) continue;
    for (Sample* sample : group->waiting) {
      if (sample->num_tokens() == 0) draws_.push_back({sample, logits + group->logits_row * vocab_size, {}});
    }
  }
  drawer_.run(draws_, job);

  const Draw* draw = draws_.data();
  for (Sequence& sequence : residents_.sequences()) {
    const bool draws = sequence.logits_row >= 0;
    sequence.num_computed = draws ? sequence.num_tokens() - 1 : sequence.num_computed + sequence.num_rows;
    const int64_t num_routed = sequence.num_computed - sequence.sample->request.prompt_length();
    sequence.sample->num_routed = std::max(sequence.sample->num_routed, num_routed);
    if (draws) take(sequence, *draw++, job);
  }
  for (Draw& first : std::span(draws_).subspan(num_sequence_draws)) {
    if (first.is_ended) job.close(*first.sample, /*is_ended=*/true);
  }
}

// Places in the cache of drafts that were not drawn will be written again.
void Worker::take(Sequence& sequence, const Draw& draw, Job& job) {
  stats_.draft_tokens += std::ssize(draw.drafts);
  stats_.accepted_draft_tokens += draw.num_drawn - 1;
  if (!draw.is_ended) return;
  sequence.is_done = true;
  job.close(*sequence.sample, /*is_ended=*/true);
}

void Worker::draft() {
  draft_rows_.clear();
  for (const Sequence& sequence : residents_.sequences()) {
    if (sequence.is_done) continue;
    const int64_t last = sequence.num_tokens() - 1;
    for (int64_t r = 0; r < sequence.num_rows && sequence.first_token + r < last; ++r) {
      const int64_t next = sequence.first_token + r + 1;
      draft_rows_.push_back({static_cast<int32_t>(sequence.first_row + r), sequence.token(next), next == last});
    }
  }
  for (const auto& group : residents_.groups()) {
    for (int64_t r = 0; r < group->num_rows; ++r) {
      const int64_t next = group->num_computed - group->num_rows + r + 1;
      draft_rows_.push_back(
          {static_cast<int32_t>(group->first_row + r), group->request->prompt.token_ids[next], false});
    }
  }
  if (draft_rows_.empty()) return;
  const int32_t* token = decoder_.draft(draft_rows_).data();
  for (Sequence& sequence : residents_.sequences()) {
    if (sequence.is_done) continue;
    const int64_t count = std::clamp<int64_t>(sequence.num_tokens() - 1 - sequence.first_token, 0, sequence.num_rows);
    if (count > 0) sequence.next_draft = token[count - 1];
    token += count;
  }
}

}  // namespace aha::rollout
