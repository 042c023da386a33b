// Rows' norms, the cut of attention, and stores to the cache in its number format.
#include "model/decode_part.h"

#include <algorithm>

#include "aha/ops/cpu_math.h"

namespace aha::model {

namespace {

// With fewer rows a part, its share of the heads is the more even cut.
constexpr int64_t kRowsPerPart = 4;

/// row_of(i): the row of x whose norm is the i-th.
template <class RowOf>
const float* normalize_rows(const DecodePart& part, const std::vector<float>& weight, int64_t count, RowOf row_of) {
  const int64_t width = part.weights.config.hidden_size;
  const float eps = static_cast<float>(part.weights.config.rms_norm_eps);
  float* normed = part.pick(count, part.own.normed_RD, part.scratch.normed_RD);
  for (int64_t i = part.first_of(count); i < part.end_of(count); ++i) {
    ops::rms_norm_row(part.scratch.x_RD.get() + row_of(i) * width, weight.data(), eps, width, normed + i * width);
  }
  part.join(count);
  return normed;
}

}  // namespace

const float* DecodePart::normalize(const std::vector<float>& weight) const {
  return normalize_rows(*this, weight, num_rows(), [](int64_t row) { return row; });
}

const float* DecodePart::normalize_wanted(const std::vector<float>& weight) const {
  return normalize_rows(*this, weight, std::ssize(scratch.wanted), [&](int64_t i) { return scratch.wanted[i]; });
}

// In the order of the training forward: a block's sums first, then its bias, then what was there before.
void DecodePart::add_block(ops::Columns columns, const std::vector<float>& bias) const {
  const int64_t width = weights.config.hidden_size, count = columns.end - columns.begin;
  for (int64_t r = 0; r < num_rows(); ++r) {
    float* block = scratch.block_RD.get() + r * width + columns.begin;
    if (!bias.empty()) ops::axpy(1.0f, bias.data() + columns.begin, block, count);
    ops::axpy(1.0f, block, scratch.x_RD.get() + r * width + columns.begin, count);
  }
}

AttentionTile DecodePart::attention_tile() const {
  const int64_t heads = weights.config.num_attention_heads;
  if (num_rows() < kRowsPerPart * share.parts) return {0, num_rows(), share.begin(heads), share.end(heads)};
  return {scratch.first_row[share.part], scratch.first_row[share.part + 1], 0, heads};
}

void DecodePart::store(const DecodeRow& row, int64_t layer, int64_t begin, const float* floats, int64_t width) const {
  const int32_t page = row.pages[row.position / kPageTokens];
  const int64_t index = row.position % kPageTokens;
  if (cache.type() == ops::NumberType::kFloat32) {
    std::copy_n(floats, width, cache.slot(page, layer, index) + begin);
  } else {
    ops::round_to_bfloat16(floats, width, cache.bfloat16_slot(page, layer, index) + begin);
  }
}

void decode_layer(const DecodePart& part, int64_t layer) {
  if (part.weights.config.attention == AttentionKind::kGrouped) {
    decode_grouped_attention(part, layer);
  } else if (part.weights.options.expand_latents) {
    decode_expanded_attention(part, layer);
  } else {
    decode_latent_attention(part, layer);
  }
  decode_feed_forward(part, layer);
}

}  // namespace aha::model
