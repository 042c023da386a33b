// Absorbed multi-head latent attention over cache pages (arXiv:2405.04434 §2.1), row by row.
#include <algorithm>

#include "aha/ops/cpu_math.h"
#include "model/decode_paged_attention.h"

namespace aha::model {

namespace {

/// One layer's attention of one step; the sizes it needs everywhere, once.
class LatentStep {
 public:
  LatentStep(const DecodePart& part, int64_t layer)
      : config_(part.weights.config),
        weights_(part.weights.layers[layer].attention),
        layer_(layer),
        part_(part),
        scratch_(part.scratch),
        tile_(part.attention_tile()) {}

  void run() {
    project();
    append_latents();
    if (config_.q_lora_rank) expand_queries(*config_.q_lora_rank);
    part_.barrier();
    attend();
    part_.barrier();
    weights_.output.multiply(scratch_.mixed_R.get(), num_rows_, heads_ * config_.v_head_dim, scratch_.block_RD.get(),
                             config_.hidden_size, /*accumulate=*/false, part_.share);
    part_.add_block(weights_.output.columns(part_.share));
    part_.barrier();
  }

 private:
  // Queries end in q_, whose rows are q_stride_ apart.
  void project() {
    const float* normed = part_.normalize(weights_.norm);
    weights_.input.multiply(normed, num_rows_, config_.hidden_size, scratch_.input_R.get(), scratch_.input_width,
                            /*accumulate=*/false, part_.share);
    q_ = scratch_.input_R.get();
    q_stride_ = scratch_.input_width;
    part_.barrier();
  }

  void append_latents() {
    const int64_t latent_begin = scratch_.input_width - width_;
    float* line = part_.own.line.get();
    for (int64_t r = part_.share.begin(num_rows_); r < part_.share.end(num_rows_); ++r) {
      const float* latent = scratch_.input_R.get() + r * scratch_.input_width + latent_begin;
      ops::rms_norm_row(latent, weights_.latent_norm.data(), latent_eps_, rank_, line);
      std::copy_n(latent + rank_, config_.qk_rope_head_dim, line + rank_);
      scratch_.rope.turn(line + rank_, part_.rows[r].position);
      part_.store(part_.rows[r], layer_, 0, line, width_);
    }
  }

  void expand_queries(int64_t rank) {
    float* normed = part_.pick(num_rows_, part_.own.q_normed_R, scratch_.q_normed_R);
    for (int64_t r = part_.first_of(num_rows_); r < part_.end_of(num_rows_); ++r) {
      ops::rms_norm_row(scratch_.input_R.get() + r * scratch_.input_width, weights_.q_a_norm.data(), latent_eps_, rank,
                        normed + r * rank);
    }
    part_.join(num_rows_);
    q_ = scratch_.q_R.get();
    q_stride_ = heads_ * config_.qk_head_dim();
    weights_.q_b.multiply(normed, num_rows_, rank, scratch_.q_R.get(), q_stride_, /*accumulate=*/false, part_.share);
  }

  void attend() {
    // To absorbed queries the latents are the keys and the values of one head that all others share.
    PagedAttention paged({.num_kv_heads = 1,
                          .group = heads_,
                          .key_width = width_,
                          .value_width = rank_,
                          .value_begin = 0,
                          .scale = static_cast<float>(config_.softmax_scale())},
                         layer_, tile_, part_);
    const int64_t first = tile_.row_begin, count = tile_.num_heads();
    const HeadSpan span{0, tile_.head_begin, count};
    absorb_queries(paged.query(span, first));
    paged.run();
    const float* attended = paged.attended(span, first);
    const int64_t mixed_width = heads_ * config_.v_head_dim;
    for (int64_t j = 0; j < count; ++j) {
      const int64_t head = tile_.head_begin + j;
      weights_.w_uv[head].multiply(attended + j * rank_, tile_.num_rows(), count * rank_,
                                   scratch_.mixed_R.get() + first * mixed_width + head * config_.v_head_dim,
                                   mixed_width);
    }
  }

  // Per row and head: the latent query, then the rotated rope query, as latents stand in the cache.
  void absorb_queries(float* query) {
    const int64_t nope = config_.qk_nope_head_dim, count = tile_.num_heads();
    for (int64_t j = 0; j < count; ++j) {
      const int64_t head = tile_.head_begin + j;
      const float* q = q_ + tile_.row_begin * q_stride_ + head * config_.qk_head_dim();
      weights_.w_uk[head].multiply(q, tile_.num_rows(), q_stride_, query + j * width_, count * width_);
      for (int64_t r = 0; r < tile_.num_rows(); ++r) {
        float* rope = query + (r * count + j) * width_ + rank_;
        std::copy_n(q + r * q_stride_ + nope, config_.qk_rope_head_dim, rope);
        scratch_.rope.turn(rope, part_.rows[tile_.row_begin + r].position);
      }
    }
  }

  const ModelConfig& config_;
  const DecodeAttention& weights_;
  const int64_t layer_;
  const DecodePart& part_;
  DecodeScratch& scratch_;
  const AttentionTile tile_;
  const int64_t num_rows_ = part_.num_rows(), heads_ = config_.num_attention_heads, rank_ = config_.kv_lora_rank;
  const int64_t width_ = rank_ + config_.qk_rope_head_dim;
  const float latent_eps_ = static_cast<float>(config_.latent_norm_eps);
  const float* q_ = nullptr;
  int64_t q_stride_ = 0;
};

}  // namespace

void decode_latent_attention(const DecodePart& part, int64_t layer) { LatentStep(part, layer).run(); }

}  // namespace aha::model
