// The token loop: admit, compute, draw, release.
#include "rollout/worker.h"

#include <algorithm>

#include "aha/core/error.h"

namespace aha::rollout {

namespace {

using model::kPageTokens;

int64_t pages_of(int64_t num_tokens) { return (num_tokens + kPageTokens - 1) / kPageTokens; }

// What a sample needs beside the prompt's full pages, which all samples share. Its last token is never computed.
int64_t own_pages(int64_t prompt_tokens, int64_t max_completion_length) {
  return pages_of(prompt_tokens + max_completion_length - 1) - prompt_tokens / kPageTokens;
}

}  // namespace

Worker::Worker(const model::DecodeWeights& weights, int64_t cache_bytes, int64_t max_rows)
    : max_rows_(max_rows), cache_(weights.config(), cache_bytes), sampler_(weights.config().vocab_size) {
  rows_.reserve(max_rows);
  sequences_.reserve(max_rows);
  use_weights(weights);
}

void Worker::use_weights(const model::DecodeWeights& weights) {
  decoder_ = std::make_unique<model::Decoder>(weights, cache_, max_rows_);
}

int64_t Worker::pages_for_one(int64_t prompt_tokens, int64_t max_completion_length) {
  return pages_of(prompt_tokens) + own_pages(prompt_tokens, max_completion_length);
}

void Worker::run(Job& job) {
  clear();
  sequence_limit_ = job.sequences_per_worker();
  while (!job.is_abandoned()) {
    job.check_stop();
    admit(job);
    if (sequences_.empty() && prompts_.empty()) break;
    build_rows();
    AHA_CHECK(!rows_.empty(), "a worker has samples but nothing to compute");
    take_tokens(decoder_->step(rows_), job);
  }
}

// An earlier run may have ended by an exception.
void Worker::clear() {
  for (Sequence& sequence : sequences_) release(sequence.pages);
  for (Prompt& prompt : prompts_) release(prompt.pages);
  sequences_.clear();
  prompts_.clear();
  rows_reserved_ = pages_promised_ = 0;
}

// Samples of prompts at hand go first; a new prompt is taken only when all of them have their place, so that prompts
// without room for a sample never fill the cache.
void Worker::admit(Job& job) {
  for (Prompt& prompt : prompts_) {
    reserve(prompt);
    if (prompt.is_computed()) start_sequences(prompt, job);
  }
  std::erase_if(prompts_, [](const Prompt& prompt) { return prompt.is_computed() && prompt.waiting.empty(); });

  const auto fits = [&](const Group& group) {
    const int64_t length = static_cast<int64_t>(job.prompt_tokens(group).size());
    return has_room(pages_for_one(length, job.params().max_completion_length));
  };
  while (prompts_.empty() || prompts_.back().is_reserved()) {
    const std::optional<Group> group = job.take(fits);
    if (!group) return;
    start_prompt(*group, job);
  }
}

bool Worker::has_room(int64_t num_pages) const {
  return static_cast<int64_t>(sequences_.size()) + rows_reserved_ < sequence_limit_ &&
         cache_.num_free_pages() - pages_promised_ >= num_pages;
}

void Worker::reserve(Prompt& prompt) {
  while (!prompt.is_reserved() && has_room(prompt.pages_per_sample)) {
    ++prompt.num_reserved;
    ++rows_reserved_;
    pages_promised_ += prompt.pages_per_sample;
  }
}

void Worker::start_prompt(const Group& group, Job& job) {
  Prompt prompt{.group = group, .tokens = &job.prompt_tokens(group), .pages = {}, .waiting = {}};
  const int64_t length = static_cast<int64_t>(prompt.tokens->size());
  for (int64_t i = 0; i < pages_of(length); ++i) prompt.pages.push_back(allocate());
  for (int64_t s = 0; s < group.num_samples; ++s) {
    prompt.waiting.push_back(&job.completion(group.prompt_index, group.first_sample + s));
  }
  prompt.pages_per_sample = own_pages(length, job.params().max_completion_length);
  reserve(prompt);
  prompts_.push_back(std::move(prompt));
}

// Full pages of the prompt are shared; its last page, where the completion goes on, is copied.
void Worker::start_sequences(Prompt& prompt, Job& job) {
  const int64_t length = static_cast<int64_t>(prompt.tokens->size()), num_shared = length / kPageTokens;
  for (int64_t i = 0; i < prompt.num_reserved; ++i) {
    Sequence sequence{prompt.waiting[i], job.random(*prompt.waiting[i]), {}, length, prompt.pages_per_sample};
    sequence.pages.reserve(num_shared + prompt.pages_per_sample);
    sequence.pages.assign(prompt.pages.begin(), prompt.pages.begin() + num_shared);
    for (const int32_t page : sequence.pages) cache_.retain(page);
    if (length % kPageTokens != 0) {
      sequence.pages.push_back(cache_.copy(prompt.pages.back()));
      --sequence.promised_pages;
      --pages_promised_;
    }
    sequences_.push_back(std::move(sequence));
  }
  rows_reserved_ -= prompt.num_reserved;
  prompt.waiting.erase(prompt.waiting.begin(), prompt.waiting.begin() + prompt.num_reserved);
  prompt.num_reserved = 0;
  if (prompt.waiting.empty()) release(prompt.pages);
}

void Worker::build_rows() {
  rows_.clear();
  for (Sequence& sequence : sequences_) {
    if (sequence.position / kPageTokens == static_cast<int64_t>(sequence.pages.size())) {
      sequence.pages.push_back(allocate());
      --sequence.promised_pages;
      --pages_promised_;
    }
    rows_.push_back({sequence.completion->token_ids.back(), static_cast<int32_t>(sequence.position),
                     sequence.pages.data(), /*wants_logits=*/true});
  }
  num_logits_ = static_cast<int64_t>(rows_.size());
  for (Prompt& prompt : prompts_) add_prompt_rows(prompt);
}

// As many of the prompt's tokens as this step still has room for.
void Worker::add_prompt_rows(Prompt& prompt) {
  const int64_t length = static_cast<int64_t>(prompt.tokens->size());
  while (prompt.num_computed < length && static_cast<int64_t>(rows_.size()) < max_rows_) {
    const int64_t position = prompt.num_computed++;
    const bool is_last = prompt.is_computed();
    if (is_last) prompt.logits_row = num_logits_++;
    rows_.push_back({(*prompt.tokens)[position], static_cast<int32_t>(position), prompt.pages.data(), is_last});
  }
}

void Worker::take_tokens(const float* logits, Job& job) {
  const int64_t vocab_size = sampler_.vocab_size();
  for (Prompt& prompt : prompts_) {
    if (prompt.logits_row < 0) continue;
    take_first_tokens(prompt, logits + prompt.logits_row * vocab_size, job);
    prompt.logits_row = -1;
  }
  // Those that go on keep their order: samples of a prompt stand side by side and share its pages.
  size_t kept = 0;
  for (size_t i = 0; i < sequences_.size(); ++i) {
    if (take_token(sequences_[i], logits + static_cast<int64_t>(i) * vocab_size, job)) continue;
    if (kept != i) sequences_[kept] = std::move(sequences_[i]);
    ++kept;
  }
  sequences_.erase(sequences_.begin() + static_cast<std::ptrdiff_t>(kept), sequences_.end());
}

bool Worker::take_token(Sequence& sequence, const float* logits, Job& job) {
  data::Completion& completion = *sequence.completion;
  const uint32_t draw = static_cast<uint32_t>(completion.token_ids.size());
  const SampledToken token = sampler_.sample(logits, job.params(), sequence.random.uniform_at(draw));
  ++sequence.position;
  if (!job.append(completion, token)) return false;
  job.finish(completion);
  release(sequence.pages);
  pages_promised_ -= sequence.promised_pages;
  return true;
}

// One row of logits serves all samples of the prompt; some may end here.
void Worker::take_first_tokens(Prompt& prompt, const float* logits, Job& job) {
  std::erase_if(prompt.waiting, [&](data::Completion* completion) {
    const SampledToken token = sampler_.sample(logits, job.params(), job.random(*completion).uniform_at(0));
    const bool is_last = job.append(*completion, token);
    if (is_last) job.finish(*completion);
    return is_last;
  });
  const int64_t surplus = std::max<int64_t>(prompt.num_reserved - static_cast<int64_t>(prompt.waiting.size()), 0);
  prompt.num_reserved -= surplus;
  rows_reserved_ -= surplus;
  pages_promised_ -= surplus * prompt.pages_per_sample;
  if (prompt.waiting.empty()) release(prompt.pages);
}

int32_t Worker::allocate() {
  const int32_t page = cache_.allocate();
  AHA_CHECK(page >= 0, "a promised page is not free");
  return page;
}

void Worker::release(std::vector<int32_t>& pages) {
  for (const int32_t page : pages) cache_.release(page);
  pages.clear();
}

}  // namespace aha::rollout
