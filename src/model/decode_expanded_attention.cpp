// Latent attention over the keys and values of all heads, as the training forward computes it (arXiv:2412.19437 eqs
// 1–11): what is cached is what kv_b_proj makes of a latent, and every sum has the order that it has there.
#include <algorithm>

#include "aha/ops/cpu_math.h"
#include "model/decode_paged_attention.h"

namespace aha::model {

namespace {

/// One layer's attention of one step; the sizes it needs everywhere, once.
class ExpandedStep {
 public:
  ExpandedStep(const DecodePart& part, int64_t layer)
      : config_(part.weights.config),
        weights_(part.weights.layers[layer].attention),
        layer_(layer),
        part_(part),
        scratch_(part.scratch),
        tile_(part.attention_tile()),
        paged_({.num_kv_heads = heads_,
                .group = 1,
                .key_width = key_width_,
                .value_width = config_.v_head_dim,
                .value_begin = heads_ * key_width_,
                .scale = static_cast<float>(config_.softmax_scale())},
               layer, tile_, part) {}

  void run() {
    project();
    normalize_latents();
    part_.barrier();
    expand();
    part_.barrier();
    append_own();
    place_queries();
    part_.barrier();
    paged_.run();
    paged_.for_spans([&](const HeadSpan& span) { gather(span); });
    part_.barrier();
    weights_.output.multiply(scratch_.mixed_R.get(), num_rows_, heads_ * config_.v_head_dim, scratch_.block_RD.get(),
                             config_.hidden_size, /*accumulate=*/false, part_.share);
    part_.add_block(weights_.output.columns(part_.share));
    part_.barrier();
  }

 private:
  void project() {
    const float* normed = part_.normalize(weights_.norm);
    weights_.input.multiply(normed, num_rows_, config_.hidden_size, scratch_.input_R.get(), scratch_.input_width,
                            /*accumulate=*/false, part_.share);
    part_.barrier();
  }

  const float* latent_of(int64_t r) const {
    return scratch_.input_R.get() + (r + 1) * scratch_.input_width - rank_ - rope_width_;
  }

  void normalize_latents() {
    for (int64_t r = part_.share.begin(num_rows_); r < part_.share.end(num_rows_); ++r) {
      ops::rms_norm_row(latent_of(r), weights_.latent_norm.data(), latent_eps_, rank_,
                        scratch_.latent_R.get() + r * rank_);
      if (!config_.q_lora_rank) continue;
      ops::rms_norm_row(scratch_.input_R.get() + r * scratch_.input_width, weights_.q_a_norm.data(), latent_eps_,
                        *config_.q_lora_rank, scratch_.q_normed_R.get() + r * *config_.q_lora_rank);
    }
  }

  // Latents become keys and values, and where queries are latent too, these become queries.
  void expand() {
    weights_.kv_b.multiply(scratch_.latent_R.get(), num_rows_, rank_, scratch_.kv_R.get(), heads_ * kv_width_,
                           /*accumulate=*/false, part_.share);
    if (!config_.q_lora_rank) return;
    weights_.q_b.multiply(scratch_.q_normed_R.get(), num_rows_, *config_.q_lora_rank, scratch_.q_R.get(),
                          heads_ * key_width_, /*accumulate=*/false, part_.share);
  }

  // A slot: per head its key, the rope part last, which all heads share; then per head its value.
  void append_own() {
    float* line = part_.own.line.get();
    const int64_t nope = config_.qk_nope_head_dim;
    for (int64_t r = part_.share.begin(num_rows_); r < part_.share.end(num_rows_); ++r) {
      const float* kv = scratch_.kv_R.get() + r * heads_ * kv_width_;
      for (int64_t head = 0; head < heads_; ++head, kv += kv_width_) {
        std::copy_n(kv, nope, line + head * key_width_);
        std::copy_n(kv + nope, config_.v_head_dim, line + heads_ * key_width_ + head * config_.v_head_dim);
      }
      float* rope = line + nope;  // of the first head; the others take it from there
      std::copy_n(latent_of(r) + rank_, rope_width_, rope);
      scratch_.rope.turn(rope, part_.rows[r].position);
      for (int64_t head = 1; head < heads_; ++head) std::copy_n(rope, rope_width_, rope + head * key_width_);
      part_.store(part_.rows[r], layer_, 0, line, heads_ * (key_width_ + config_.v_head_dim));
    }
  }

  void place_queries() {
    const float* q = config_.q_lora_rank ? scratch_.q_R.get() : scratch_.input_R.get();
    const int64_t stride = config_.q_lora_rank ? heads_ * key_width_ : scratch_.input_width;
    paged_.for_spans([&](const HeadSpan& span) {
      for (int64_t r = tile_.row_begin; r < tile_.row_end; ++r) {
        float* query = paged_.query(span, r);
        std::copy_n(q + r * stride + span.first * key_width_, key_width_, query);
        scratch_.rope.turn(query + config_.qk_nope_head_dim, part_.rows[r].position);
      }
    });
  }

  void gather(const HeadSpan& span) {
    const int64_t width = config_.v_head_dim;
    for (int64_t r = tile_.row_begin; r < tile_.row_end; ++r) {
      std::copy_n(paged_.attended(span, r), width, scratch_.mixed_R.get() + (r * heads_ + span.first) * width);
    }
  }

  const ModelConfig& config_;
  const DecodeAttention& weights_;
  const int64_t layer_;
  const DecodePart& part_;
  DecodeScratch& scratch_;
  const int64_t num_rows_ = part_.num_rows(), heads_ = config_.num_attention_heads, rank_ = config_.kv_lora_rank;
  const int64_t rope_width_ = config_.qk_rope_head_dim, key_width_ = config_.qk_head_dim();
  const int64_t kv_width_ = config_.qk_nope_head_dim + config_.v_head_dim;
  const float latent_eps_ = static_cast<float>(config_.latent_norm_eps);
  const AttentionTile tile_;
  PagedAttention paged_;
};

}  // namespace

void decode_expanded_attention(const DecodePart& part, int64_t layer) { ExpandedStep(part, layer).run(); }

}  // namespace aha::model
