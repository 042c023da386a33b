// Grouped-query attention over cache pages (arXiv:2305.13245): queries that read one key-value head go together.
#include <algorithm>

#include "aha/ops/cpu_math.h"
#include "model/decode_paged_attention.h"

namespace aha::model {

namespace {

/// One layer's attention of one step; the sizes it needs everywhere, once.
class GroupedStep {
 public:
  GroupedStep(const DecodePart& part, int64_t layer)
      : config_(part.weights.config),
        weights_(part.weights.layers[layer].attention),
        layer_(layer),
        part_(part),
        scratch_(part.scratch),
        owns_kv_heads_(kv_heads_ % part.share.parts == 0),
        tile_(make_tile()),
        paged_({.num_kv_heads = kv_heads_,
                .group = group_,
                .key_width = width_,
                .value_width = width_,
                .value_begin = kv_heads_ * width_,
                .scale = static_cast<float>(config_.softmax_scale())},
               layer, tile_, part) {}

  void run() {
    project();
    append_own();
    paged_.for_spans([&](const HeadSpan& span) { place_queries(span); });
    if (!owns_kv_heads_) part_.barrier();
    paged_.run();
    paged_.for_spans([&](const HeadSpan& span) { gather(span); });
    part_.barrier();
    add_output();
    part_.barrier();
  }

 private:
  /// With key-value heads of its own a part needs nobody else's keys.
  AttentionTile make_tile() const {
    if (!owns_kv_heads_) return part_.attention_tile();
    return {0, num_rows_, part_.share.begin(kv_heads_) * group_, part_.share.end(kv_heads_) * group_};
  }

  void project() {
    const float* normed = part_.normalize(weights_.norm);
    weights_.input.multiply(normed, num_rows_, config_.hidden_size, scratch_.input_R.get(), scratch_.input_width,
                            /*accumulate=*/false, part_.share);
    part_.barrier();
  }

  /// The i-th head of a row of q_proj, k_proj and v_proj, with its bias, in the part's line.
  float* take_head(int64_t row, int64_t i) {
    float* line = part_.own.line.get();
    std::copy_n(scratch_.input_R.get() + row * scratch_.input_width + i * width_, width_, line);
    if (!weights_.input_bias.empty()) ops::axpy(1.0f, weights_.input_bias.data() + i * width_, line, width_);
    return line;
  }

  void place_queries(const HeadSpan& span) {
    for (int64_t r = tile_.row_begin; r < tile_.row_end; ++r) {
      for (int64_t j = 0; j < span.count; ++j) {
        float* line = take_head(r, span.first + j);
        finish_head(weights_.q_norm, part_.rows[r].position, line);
        std::copy_n(line, width_, paged_.query(span, r) + j * width_);
      }
    }
  }

  void append_own() {
    const ops::Share heads = owns_kv_heads_ ? part_.share : ops::Share{};
    const ops::Share rows = owns_kv_heads_ ? ops::Share{} : part_.share;
    for (int64_t r = rows.begin(num_rows_); r < rows.end(num_rows_); ++r) {
      for (int64_t g = heads.begin(kv_heads_); g < heads.end(kv_heads_); ++g) append(r, g);
    }
  }

  void append(int64_t r, int64_t kv_head) {
    const DecodeRow& row = part_.rows[r];
    float* key = take_head(r, heads_ + kv_head);
    finish_head(weights_.k_norm, row.position, key);
    part_.store(row, layer_, kv_head * width_, key, width_);
    const float* value = take_head(r, heads_ + kv_heads_ + kv_head);
    part_.store(row, layer_, (kv_heads_ + kv_head) * width_, value, width_);
  }

  void finish_head(const std::vector<float>& norm, int64_t position, float* x) const {
    if (config_.has_qk_norm) {
      ops::rms_norm_row(x, norm.data(), static_cast<float>(config_.rms_norm_eps), width_, x);
    }
    scratch_.rope.turn(x, position);
  }

  void gather(const HeadSpan& span) {
    for (int64_t r = tile_.row_begin; r < tile_.row_end; ++r) {
      std::copy_n(paged_.attended(span, r), span.count * width_,
                  scratch_.mixed_R.get() + (r * heads_ + span.first) * width_);
    }
  }

  void add_output() {
    weights_.output.multiply(scratch_.mixed_R.get(), num_rows_, heads_ * width_, scratch_.block_RD.get(),
                             config_.hidden_size, /*accumulate=*/false, part_.share);
    part_.add_block(weights_.output.columns(part_.share), weights_.output_bias);
  }

  const ModelConfig& config_;
  const DecodeAttention& weights_;
  const int64_t layer_;
  const DecodePart& part_;
  DecodeScratch& scratch_;
  const int64_t num_rows_ = part_.num_rows(), width_ = config_.head_dim;
  const int64_t heads_ = config_.num_attention_heads, kv_heads_ = config_.num_key_value_heads;
  const int64_t group_ = heads_ / kv_heads_;
  const bool owns_kv_heads_;
  const AttentionTile tile_;
  PagedAttention paged_;
};

}  // namespace

void decode_grouped_attention(const DecodePart& part, int64_t layer) { GroupedStep(part, layer).run(); }

}  // namespace aha::model
