// The rows of a decode step as indices on the device where they are computed.
//
// Letters: R rows, S sequences of a block, N rows a sequence, T tokens that a sequence's last row sees, F angles.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "aha/model/decoder.h"
#include "model/blocks.h"

namespace aha::model {

/// Rows [first_row, first_row + S·N) that are attended to together, sequence by sequence.
struct RowBlock {
  int64_t first_row, num_sequences, rows_each;
  int64_t num_rows() const { return num_sequences * rows_each; }
};

/// A block on the device.
struct TensorBlock : RowBlock {
  at::Tensor slot_ST;         // where the tokens stand in layer 0; those that no row sees: where the first one does
  at::Tensor is_visible_SNT;  // bool
};

/// Slots count through pages, layers and tokens: what stands in a layer is kPageTokens slots behind the layer before.
struct TensorRows {
  at::Tensor token_R, position_R;  // int64
  at::Tensor slot_R;               // where the rows' own tokens stand in layer 0
  at::Tensor wanted_W;             // rows that want logits
  at::Tensor cosine_RF, sine_RF;
  std::vector<TensorBlock> blocks;
};

/// What a row or a token costs in attention: numbers of each token that are gathered once a sequence, and of scores.
struct RowCost {
  int64_t slot_width, num_heads;
};

/// Cuts rows so that a block gathers and scores at most so many numbers, or has a single row. Rows in a line that point
/// to the same pages are of one sequence.
std::vector<RowBlock> cut_blocks(std::span<const DecodeRow> rows, const RowCost& cost, int64_t most_numbers);

/// Brings rows to the device; keeps the angles of positions that were reached.
class TensorRowMaker {
 public:
  TensorRowMaker(const ModelConfig& config, const KvCache& cache, int64_t most_numbers);
  /// No row stands at or beyond it.
  int64_t num_positions() const { return num_positions_; }
  TensorRows make(std::span<const DecodeRow> rows);

 private:
  void reach(int64_t position);
  const ModelConfig& config_;
  const at::Device device_;
  const int64_t num_layers_, num_positions_, most_numbers_;
  RopeTensors rope_;
};

}  // namespace aha::model
