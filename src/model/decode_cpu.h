// Decode steps by own kernels, each step on one thread or on all of a team.
#pragma once
#include <memory>
#include <span>

#include "aha/ops/team.h"
#include "model/decode_backend.h"
#include "model/decode_draft.h"
#include "model/decode_pace.h"
#include "model/decode_part.h"
#include "model/decode_scratch.h"

namespace aha::model {

class CpuDecoder final : public DecodeBackend {
 public:
  CpuDecoder(const DecodeWeights& weights, KvCache& cache, int64_t max_rows, int num_threads);
  const float* step(std::span<const DecodeRow> rows) override;
  std::span<const int32_t> draft(std::span<const DraftRow> rows) override;

 private:
  void begin(std::span<const DecodeRow> rows);
  void run_part(std::span<const DecodeRow> rows, ops::Share share);

  const DecodeWeights::State& weights_;
  KvCache& cache_;
  DecodeScratch scratch_;
  std::unique_ptr<ops::Team> team_;  // null with one thread
  DecodePace pace_;
  std::unique_ptr<DecodeDraft> draft_;  // null without an MTP module
};

}  // namespace aha::model
