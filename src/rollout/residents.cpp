// Sequences in the cache: how they grow, make room and leave.
#include "rollout/residents.h"

#include <algorithm>

#include "aha/core/error.h"

namespace aha::rollout {

Residents::Residents(model::KvCache& cache, int64_t max_sequences, int64_t shared_end)
    : cache_(cache), max_sequences_(max_sequences), shared_end_(shared_end) {
  sequences_.reserve(max_sequences);
}

// An earlier run may have ended by an exception.
void Residents::clear() {
  for (Sequence& sequence : sequences_) release(sequence.pages);
  for (const auto& group : groups_) release(group->pages);
  sequences_.clear();
  groups_.clear();
  num_preemptions_ = peak_pages_ = 0;
}

bool Residents::empty() const {
  return sequences_.empty() &&
         std::all_of(groups_.begin(), groups_.end(), [](const auto& group) { return group->waiting.empty(); });
}

int64_t Residents::num_held() const {
  int64_t count = std::ssize(sequences_);
  for (const auto& group : groups_) count += std::ssize(group->waiting);
  return count;
}

void Residents::grow() {
  for (size_t i = 0; i < sequences_.size(); ++i) {
    while (i < sequences_.size() && std::ssize(sequences_[i].pages) < pages_of(sequences_[i].num_tokens())) {
      const int32_t page = cache_.allocate();
      if (page >= 0) {
        sequences_[i].pages.push_back(page);
      } else if (Group* holder = youngest_holder(); holder && holder->number >= sequences_.back().group->number) {
        drop_prompt(*holder);
      } else {
        put_back_youngest();
      }
    }
  }
}

int64_t Residents::grow_for_drafts(Sequence& sequence, int64_t count) {
  const int64_t needed = pages_of(sequence.num_tokens() + count);
  while (std::ssize(sequence.pages) < needed && cache_.num_free_pages() > 0) sequence.pages.push_back(allocate());
  return std::min(count, std::ssize(sequence.pages) * model::kPageTokens - sequence.num_tokens());
}

// Those that go on keep their order.
void Residents::settle() {
  peak_pages_ = std::max(peak_pages_, cache_.num_pages() - cache_.num_free_pages());
  size_t kept = 0;
  for (size_t i = 0; i < sequences_.size(); ++i) {
    if (sequences_[i].is_done) {
      release(sequences_[i].pages);
      --sequences_[i].group->num_active;
      continue;
    }
    if (kept != i) sequences_[kept] = std::move(sequences_[i]);
    ++kept;
  }
  sequences_.erase(sequences_.begin() + static_cast<std::ptrdiff_t>(kept), sequences_.end());
  for (const auto& group : groups_) {
    std::erase_if(group->waiting, [](const Sample* sample) {
      return sample->completion.finish_reason != data::FinishReason::kUnfinished;
    });
    if (group->waiting.empty() && !group->pages.empty()) drop_prompt(*group);
  }
}

Group* Residents::youngest_holder() {
  for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) {
    if (!(*group)->pages.empty()) return group->get();
  }
  return nullptr;
}

// Its place among those who wait is by age, so that the oldest always gets to its end.
void Residents::put_back_youngest() {
  Sequence& youngest = sequences_.back();
  Group& group = *youngest.group;
  const auto older = [](const Sample* a, const Sample* b) {
    return a->completion.sample_index > b->completion.sample_index;
  };
  group.waiting.insert(std::upper_bound(group.waiting.begin(), group.waiting.end(), youngest.sample, older),
                       youngest.sample);
  --group.num_active;
  release(youngest.pages);
  sequences_.pop_back();
  ++num_preemptions_;
}

void Residents::drop_prompt(Group& group) {
  release(group.pages);
  group.num_computed = 0;
}

int32_t Residents::allocate() {
  const int32_t page = cache_.allocate();
  AHA_CHECK(page >= 0, "a page that was counted as free is not");
  return page;
}

void Residents::release(std::vector<int32_t>& pages) {
  for (const int32_t page : pages) cache_.release(page);
  pages.clear();
}

}  // namespace aha::rollout
