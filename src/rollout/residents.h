// What a worker keeps in its cache: prompts, and the completions that grow from them.
//
// Memory is not promised for a completion's longest length: a sample is admitted where every sequence could then still
// take one more page (kPageTokens tokens), and where that runs out the youngest makes room. Its tokens stay; its
// pages go, and are computed again, to the same bits, once there is room for that and a page for everyone again.
#pragma once
#include <memory>
#include <vector>

#include "aha/model/decoder.h"
#include "rollout/job.h"
#include "rollout/pages.h"

namespace aha::rollout {

/// Samples of one prompt, which lies in the cache once: its full pages belong to all of them, the last one is copied,
/// for there the completions begin.
struct Group {
  RequestState* request;
  int64_t number;                // younger groups have larger ones
  bool records_prompt;           // its routing; another worker may have the same prompt
  std::vector<Sample*> waiting;  // not begun, or put back; the oldest last
  std::vector<int32_t> pages;    // of the prompt, for those who wait; empty: not held
  int64_t num_computed = 0;      // tokens in them
  int64_t num_active = 0;        // sequences
  // of this step
  int64_t first_row = 0, num_rows = 0;  // these go through the model now
  int64_t logits_row = -1;              // of the prompt's last token: the first tokens of all are drawn from it
};

/// A sample that is being written.
struct Sequence {
  Sample* sample;
  Group* group;
  std::vector<int32_t> pages;
  int64_t num_computed;         // tokens of prompt and completion in the cache
  std::vector<int32_t> drafts;  // of this step
  int32_t next_draft = -1;      // by the model's own head
  // of this step
  int64_t first_row = 0, num_rows = 0, first_token = 0;  // rows, and the index of the first one's token
  int64_t logits_row = -1;                               // of the first that wants some
  bool is_done = false;

  int64_t num_tokens() const { return sample->request.prompt_length() + sample->num_tokens(); }
  int64_t num_pending() const { return num_tokens() - num_computed; }
  bool is_writing() const { return num_pending() == 1; }  ///< else it is being read (again)
  int32_t token(int64_t index) const {
    const int64_t length = sample->request.prompt_length();
    return index < length ? sample->request.prompt.token_ids[index] : sample->completion.token_ids[index - length];
  }
};

class Residents {
 public:
  /// @param shared_end tokens at a prompt's end that each sample computes for itself
  Residents(model::KvCache& cache, int64_t max_sequences, int64_t shared_end);
  void clear();
  bool empty() const;
  /// Begins what there are rows and pages for.
  void admit(Job& job);
  /// A page for every token that comes next.
  void grow();
  /// Pages for `count` tokens more, if that disturbs nobody. @return how many there is room for
  int64_t grow_for_drafts(Sequence& sequence, int64_t count);
  /// Lets go of what is done.
  void settle();

  std::vector<Sequence>& sequences() { return sequences_; }  ///< samples of a prompt side by side
  std::vector<std::unique_ptr<Group>>& groups() { return groups_; }
  int64_t shared_tokens(const RequestState& request) const { return request.prompt_length() - shared_end_; }
  bool is_read(const Group& group) const { return group.num_computed == shared_tokens(*group.request); }
  int64_t num_preemptions() const { return num_preemptions_; }
  int64_t peak_pages() const { return peak_pages_; }

 private:
  struct Budget {
    int64_t slots, pages;
  };
  int64_t num_held() const;
  bool may_grow(const Sample& sample, int64_t num_pages) const;
  int64_t promised_pages() const;
  int64_t pages_to_start(const Sample& sample) const;
  int64_t pages_to_begin(const Sample& sample) const;
  const std::vector<int32_t>* find_prompt(const Group& group) const;
  void drop_finished(Group& group, Job& job);
  bool admit(Group& group, Budget& budget);
  bool make_room(const Group& group, int64_t num_pages, Budget& budget);
  void start_reading(Group& group);
  void start(Group& group, Sample& sample);
  std::vector<int32_t> fork_prompt(Group& group);
  Group* youngest_holder();
  void put_back_youngest();
  void drop_prompt(Group& group);
  int32_t allocate();
  void release(std::vector<int32_t>& pages);

  model::KvCache& cache_;
  const int64_t max_sequences_, shared_end_;
  std::vector<Sequence> sequences_;             // by group, then by sample
  std::vector<std::unique_ptr<Group>> groups_;  // in the order taken
  int64_t num_taken_ = 0, num_preemptions_ = 0, peak_pages_ = 0;
};

}  // namespace aha::rollout
