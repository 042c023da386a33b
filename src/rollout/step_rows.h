// The rows of one step: the next token of every completion with its drafts, then as much of what is to be read as there
// is room for.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "rollout/ngram_drafter.h"
#include "rollout/residents.h"

namespace aha::rollout {

enum class Speculation { kNone, kNgram, kMtp };

class StepRows {
 public:
  /// @param most_looked_back tokens, for drafts
  StepRows(int64_t max_rows, Speculation speculation, int64_t num_draft_tokens, int64_t most_looked_back);
  void build(Residents& residents);
  std::span<const model::DecodeRow> rows() const { return rows_; }

 private:
  void propose(Residents& residents, Sequence& sequence, int64_t limit);
  void add(Sequence& sequence, int64_t num_rows);
  void add(Group& group, int64_t num_rows, bool draws);
  const int64_t max_rows_, num_draft_tokens_;
  const Speculation speculation_;
  const NgramDrafter drafter_;
  std::vector<model::DecodeRow> rows_;
  int64_t num_logits_ = 0;
};

}  // namespace aha::rollout
