// Fills a step up to its token budget.
#include "rollout/step_rows.h"

#include <algorithm>

namespace aha::rollout {

namespace {

/// The prompt's last token has been shared by all, and some have drawn nothing after it yet.
bool draws_first_tokens(const Residents& residents, const Group& group) {
  if (residents.shared_tokens(*group.request) < group.request->prompt_length()) return false;
  return std::any_of(group.waiting.begin(), group.waiting.end(),
                     [](const Sample* sample) { return sample->num_tokens() == 0; });
}

int64_t num_unread(const Residents& residents, const Group& group) {
  return group.pages.empty() ? 0 : residents.shared_tokens(*group.request) - group.num_computed;
}

}  // namespace

StepRows::StepRows(int64_t max_rows, Speculation speculation, int64_t num_draft_tokens, int64_t most_looked_back)
    : max_rows_(max_rows), num_draft_tokens_(num_draft_tokens), speculation_(speculation), drafter_(most_looked_back) {
  rows_.reserve(max_rows);
}

// Drafts get the rows that nothing else needs: a prompt that is read starts more completions than drafts lengthen.
void StepRows::build(Residents& residents) {
  rows_.clear();
  num_logits_ = 0;
  int64_t num_writing = 0, num_reading = 0;
  for (const Sequence& sequence : residents.sequences()) {
    if (sequence.is_writing()) {
      ++num_writing;
    } else {
      num_reading += sequence.num_pending();
    }
  }
  for (const auto& group : residents.groups()) num_reading += num_unread(residents, *group);
  int64_t room = max_rows_ - num_writing;
  int64_t spare = speculation_ == Speculation::kNone ? 0 : std::max<int64_t>(room - num_reading, 0);

  for (Sequence& sequence : residents.sequences()) {
    sequence.drafts.clear();
    if (speculation_ != Speculation::kNone) sequence.drafts.reserve(num_draft_tokens_);  // once
    int64_t num_rows = std::min(sequence.num_pending(), room);
    if (sequence.is_writing()) {
      propose(residents, sequence, (spare + num_writing - 1) / num_writing);
      --num_writing;
      spare -= std::ssize(sequence.drafts);
      num_rows = 1 + std::ssize(sequence.drafts);
    } else {
      room -= num_rows;
    }
    add(sequence, num_rows);
  }
  for (const auto& group : residents.groups()) {
    const int64_t num_rows = std::min(num_unread(residents, *group), room);
    room -= num_rows;
    add(*group, num_rows, num_rows > 0 && draws_first_tokens(residents, *group));
  }
}

// A draft needs a place for itself and for the token drawn after it.
void StepRows::propose(Residents& residents, Sequence& sequence, int64_t limit) {
  const Sample& sample = *sequence.sample;
  limit = std::min({limit, num_draft_tokens_, sample.request.max_completion_length() - sample.num_tokens() - 1});
  if (limit > 0) limit = residents.grow_for_drafts(sequence, limit);
  if (limit <= 0) return;
  if (speculation_ == Speculation::kNgram) {
    drafter_.propose(sample.request.prompt.token_ids, sample.completion.token_ids, limit, sequence.drafts);
  } else if (sequence.next_draft >= 0) {
    sequence.drafts.push_back(sequence.next_draft);
  }
}

void StepRows::add(Sequence& sequence, int64_t num_rows) {
  Sample& sample = *sequence.sample;
  const int64_t prompt_length = sample.request.prompt_length(), num_tokens = sequence.num_tokens();
  const bool records_prompt_end = &sample == &sample.request.samples.front();
  sequence.first_row = std::ssize(rows_);
  sequence.first_token = sequence.num_computed;
  sequence.num_rows = num_rows;
  sequence.logits_row = -1;
  sample.reach_routing(sequence.num_computed + num_rows - prompt_length);
  for (int64_t i = sequence.num_computed; i < sequence.num_computed + num_rows; ++i) {
    const int32_t token = i < num_tokens ? sequence.token(i) : sequence.drafts[i - num_tokens];
    const bool wants_logits = i >= num_tokens - 1;
    if (wants_logits && sequence.logits_row < 0) sequence.logits_row = num_logits_;
    num_logits_ += wants_logits;
    uint8_t* experts = nullptr;
    if (i >= prompt_length) {
      experts = sample.experts(i - prompt_length);
    } else if (records_prompt_end) {
      experts = sample.request.prompt_experts(i);
    }
    rows_.push_back({token, static_cast<int32_t>(i), sequence.pages.data(), wants_logits, experts});
  }
}

void StepRows::add(Group& group, int64_t num_rows, bool draws) {
  const std::vector<int32_t>& tokens = group.request->prompt.token_ids;
  group.first_row = std::ssize(rows_);
  group.num_rows = num_rows;
  group.logits_row = -1;
  for (int64_t i = group.num_computed; i < group.num_computed + num_rows; ++i) {
    const bool wants_logits = draws && i + 1 == std::ssize(tokens);
    if (wants_logits) group.logits_row = num_logits_++;
    uint8_t* experts = group.records_prompt ? group.request->prompt_experts(i) : nullptr;
    rows_.push_back({tokens[i], static_cast<int32_t>(i), group.pages.data(), wants_logits, experts});
  }
}

}  // namespace aha::rollout
