// Drafts by the MTP module on rows of the last step (arXiv:2412.19437 §2.2).
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "aha/model/decoder.h"
#include "aha/ops/team.h"
#include "model/decode_pace.h"
#include "model/decode_part.h"
#include "model/decode_scratch.h"

namespace aha::model {

/// Its layer is one more of the weights and of the cache, behind the model's own. What stands there of a token was made
/// from its hidden state and its successor's embedding, at the token's own place: angles matter only between tokens.
class DecodeDraft {
 public:
  /// @param team may be null with one thread
  DecodeDraft(const DecodeWeights::State& weights, KvCache& cache, DecodeScratch& scratch, ops::Team* team,
              int num_threads);
  /// Of a step that has just run: its hidden states stand in scratch.x_RD.
  void remember(std::span<const DecodeRow> rows);
  /// @return a token per row, -1 where not wanted; valid until the next call
  std::span<const int32_t> run(std::span<const DraftRow> rows);

 private:
  /// The likeliest of some columns.
  struct Best {
    float logit;
    int32_t token;  // -1: there were no columns
  };
  void begin(std::span<const DraftRow> rows);
  void run_part(std::span<const DraftRow> rows, ops::Share share);
  void join(std::span<const DraftRow> rows, ops::Share share);
  void find_best(ops::Share share);
  Best best_of(int64_t wanted, int num_parts) const;

  const DecodeWeights::State& weights_;
  KvCache& cache_;
  DecodeScratch& scratch_;
  ops::Team* const team_;
  DecodePace pace_;
  bool is_hidden_kept_ = false;
  FloatBuffer hidden_RD_;          // of the last step's rows, before the final norm
  std::vector<DecodeRow> rows_;    // of the last step
  std::vector<DecodeRow> chosen_;  // those that the module runs on
  FloatBuffer joined_RX_;          // [R, 2·D]
  FloatBuffer logits_;             // [R, V]
  std::vector<Best> best_;         // [parts, R]
  std::vector<int32_t> tokens_;
};

}  // namespace aha::model
