// Which samples a worker begins, and with which pages.
#include <algorithm>

#include "rollout/residents.h"

namespace aha::rollout {

using model::kPageTokens;

// Oldest first, and nobody overtakes: what waits longest gets the next pages that are free.
void Residents::admit(Job& job) {
  for (Sequence& sequence : sequences_) {
    if (!job.has_enough(*sequence.sample)) continue;
    job.close(*sequence.sample, /*is_ended=*/false);
    sequence.is_done = true;
  }
  settle();
  for (const auto& group : groups_) drop_finished(*group, job);
  std::erase_if(groups_, [&](const auto& group) { return group->num_active == 0 && group->waiting.empty(); });

  Budget budget{max_sequences_ - std::ssize(sequences_), cache_.num_free_pages() - promised_pages()};
  for (const auto& group : groups_) {
    if (!admit(*group, budget)) return;
  }
  while (budget.slots > 0) {
    const auto fits = [&](const Piece& piece) {
      return groups_.empty() || pages_to_begin(piece.request->samples[piece.begin]) <= budget.pages;
    };
    const std::optional<Piece> piece = job.take(num_held(), fits);
    if (!piece) return;
    auto group = std::make_unique<Group>(Group{piece->request, num_taken_++, piece->begin == 0, {}, {}});
    for (int64_t s = piece->end; s-- > piece->begin;) group->waiting.push_back(&piece->request->samples[s]);
    drop_finished(*group, job);
    groups_.push_back(std::move(group));
    if (!admit(*groups_.back(), budget)) return;
  }
}

// The cut-off may come before a sample's turn does.
void Residents::drop_finished(Group& group, Job& job) {
  std::erase_if(group.waiting, [&](Sample* sample) {
    const bool has_enough = job.has_enough(*sample);
    if (has_enough) job.close(*sample, /*is_ended=*/false);
    return has_enough;
  });
  if (group.waiting.empty()) drop_prompt(group);
}

bool Residents::may_grow(const Sample& sample, int64_t num_pages) const {
  return pages_of(sample.request.prompt_length() + sample.request.max_completion_length() - 1) > num_pages;
}

// One for each sequence that may need another: room for kPageTokens tokens before anybody is put back.
int64_t Residents::promised_pages() const {
  return std::count_if(sequences_.begin(), sequences_.end(), [this](const Sequence& sequence) {
    return may_grow(*sequence.sample, std::ssize(sequence.pages));
  });
}

/// Beside the prompt's full pages, and with the promise.
int64_t Residents::pages_to_start(const Sample& sample) const {
  const int64_t num_pages = pages_of(sample.request.prompt_length() + sample.num_tokens());
  return num_pages - shared_tokens(sample.request) / kPageTokens + may_grow(sample, num_pages);
}

int64_t Residents::pages_to_begin(const Sample& sample) const {
  return pages_of(shared_tokens(sample.request)) + pages_to_start(sample);
}

/// Pages that hold the whole prompt: the group's own, or those of a sample that is being written. A prompt of which
/// nothing is shared is always there.
const std::vector<int32_t>* Residents::find_prompt(const Group& group) const {
  if (is_read(group)) return &group.pages;
  if (group.num_active == 0) return nullptr;
  const auto sibling = std::find_if(sequences_.begin(), sequences_.end(),
                                    [&](const Sequence& sequence) { return sequence.group == &group; });
  return &sibling->pages;
}

/// @return false if a sample must go on waiting
bool Residents::admit(Group& group, Budget& budget) {
  if (group.waiting.empty()) return true;
  if (budget.slots <= 0) return false;
  if (!find_prompt(group) && group.pages.empty()) {
    if (!make_room(group, pages_to_begin(*group.waiting.back()), budget)) return false;
    start_reading(group);
    budget.pages -= std::ssize(group.pages);
  }
  // While the prompt is being read its samples' places are kept free.
  const bool can_start = find_prompt(group) != nullptr;
  for (int64_t i = std::ssize(group.waiting); i-- > 0;) {
    Sample& sample = *group.waiting[i];
    const int64_t num_pages = pages_to_start(sample);
    if (budget.slots <= 0 || !make_room(group, num_pages, budget)) return false;
    --budget.slots;
    budget.pages -= num_pages;
    if (can_start) start(group, sample);
  }
  return true;
}

// The oldest of all, with nobody writing, gets what younger prompts hold: submit() has made sure that it then fits.
bool Residents::make_room(const Group& group, int64_t num_pages, Budget& budget) {
  const bool is_oldest = sequences_.empty() && groups_.front().get() == &group;
  while (num_pages > budget.pages) {
    Group* holder = is_oldest ? youngest_holder() : nullptr;
    if (!holder || holder == &group) return false;
    const int64_t before = cache_.num_free_pages();
    drop_prompt(*holder);
    budget.pages += cache_.num_free_pages() - before;
  }
  return true;
}

void Residents::start_reading(Group& group) {
  const int64_t num_pages = pages_of(shared_tokens(*group.request));
  while (std::ssize(group.pages) < num_pages) group.pages.push_back(allocate());
}

// Its place is among its group's, by age.
void Residents::start(Group& group, Sample& sample) {
  const RequestState& request = sample.request;
  Sequence sequence{&sample, &group, fork_prompt(group), shared_tokens(request), {}};
  group.waiting.pop_back();
  if (group.waiting.empty()) drop_prompt(group);
  const int64_t num_tokens = sequence.num_tokens();
  sequence.pages.reserve(pages_of(request.prompt_length() + request.max_completion_length()));
  while (std::ssize(sequence.pages) < pages_of(num_tokens)) sequence.pages.push_back(allocate());
  ++group.num_active;
  const auto place = std::find_if(sequences_.begin(), sequences_.end(), [&](const Sequence& other) {
    if (other.group != &group) return other.group->number > group.number;
    return other.sample->completion.sample_index > sample.completion.sample_index;
  });
  sequences_.insert(place, std::move(sequence));
}

/// The prompt's full pages, shared, and a copy of the last; for the last that waits, the very pages.
std::vector<int32_t> Residents::fork_prompt(Group& group) {
  const int64_t length = shared_tokens(*group.request), num_shared = length / kPageTokens;
  if (is_read(group) && group.waiting.size() == 1) return std::exchange(group.pages, {});
  const std::vector<int32_t>& source = *find_prompt(group);
  std::vector<int32_t> pages(source.begin(), source.begin() + num_shared);
  for (const int32_t page : pages) cache_.retain(page);
  if (length % kPageTokens > 0) pages.push_back(cache_.copy(source[num_shared]));
  return pages;
}

}  // namespace aha::rollout
