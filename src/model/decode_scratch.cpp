// Sizes of the step's buffers.
#include "model/decode_scratch.h"

#include <algorithm>

namespace aha::model {

namespace {

int64_t widest_intermediate(const ModelConfig& config) {
  return std::max(
      {config.intermediate_size, config.moe_intermediate_size, config.n_shared_experts * config.moe_intermediate_size});
}

/// Floats of a row or of a head that the two kinds of attention differ in.
struct AttentionWidths {
  int64_t input, key, value, mixed;
};

AttentionWidths attention_widths(const ModelConfig& config, const DecodeOptions& options) {
  const int64_t heads = config.num_attention_heads, q_width = heads * config.qk_head_dim();
  if (config.attention == AttentionKind::kGrouped) {
    return {q_width + config.cache_width(), config.head_dim, config.head_dim, q_width};
  }
  const int64_t input = config.q_lora_rank.value_or(q_width) + config.cache_width(), mixed = heads * config.v_head_dim;
  if (options.expand_latents) return {input, config.qk_head_dim(), config.v_head_dim, mixed};
  return {input, config.cache_width(), config.kv_lora_rank, mixed};
}

ExpertChoice make_choice(int64_t num_choices) {
  return {std::vector<float>(num_choices), std::vector<int32_t>(num_choices)};
}

}  // namespace

PartScratch::PartScratch(const ModelConfig& config, const DecodeOptions& options, int64_t num_positions,
                         int64_t max_rows)
    : normed_RD(make_float_buffer(kFewRows * config.hidden_size)),
      q_normed_R(make_float_buffer(kFewRows * config.q_lora_rank.value_or(0))),
      choice(make_choice(kFewRows * config.num_experts_per_tok)),
      line(make_float_buffer(cache_width(config, options))),
      scores(make_float_buffer(std::max(kScoreFloats, config.num_attention_heads * (num_positions + kScoreAlign)))),
      up_R(make_float_buffer(max_rows * widest_intermediate(config))),
      gathered_RD(make_float_buffer(max_rows * config.hidden_size)),
      router_RE(make_float_buffer(max_rows * config.n_routed_experts)),
      router_score(make_float_buffer(config.n_routed_experts)),
      slot_RK(max_rows * config.num_experts_per_tok),
      sorted_row(max_rows * config.num_experts_per_tok),
      expert_begin(config.n_routed_experts + 2) {}

DecodeScratch::DecodeScratch(const ModelConfig& config, const DecodeOptions& options, int64_t num_positions,
                             int64_t rows, int num_parts)
    : max_rows(rows),
      rope(config, num_positions),
      x_RD(make_float_buffer(rows * config.hidden_size)),
      normed_RD(make_float_buffer(rows * config.hidden_size)),
      block_RD(make_float_buffer(rows * config.hidden_size)),
      first_row(num_parts + 1),
      logits(make_float_buffer(rows * config.vocab_size)) {
  make_attention(config, options);
  make_feed_forward(config);
  wanted.reserve(rows);
  for (int part = 0; part < num_parts; ++part) parts.emplace_back(config, options, num_positions, rows);
}

void DecodeScratch::make_attention(const ModelConfig& config, const DecodeOptions& options) {
  const int64_t heads = config.num_attention_heads;
  const AttentionWidths widths = attention_widths(config, options);
  input_width = widths.input;
  input_R = make_float_buffer(max_rows * widths.input);
  q_normed_R = make_float_buffer(max_rows * config.q_lora_rank.value_or(0));
  q_R = make_float_buffer(config.q_lora_rank ? max_rows * heads * config.qk_head_dim() : 0);
  if (options.expand_latents && config.attention == AttentionKind::kLatent) {
    latent_R = make_float_buffer(max_rows * config.kv_lora_rank);
    kv_R = make_float_buffer(max_rows * heads * (config.qk_nope_head_dim + config.v_head_dim));
  }
  query = make_float_buffer(max_rows * heads * widths.key);
  attended = make_float_buffer(max_rows * heads * widths.value);
  mixed_R = make_float_buffer(max_rows * widths.mixed);
}

void DecodeScratch::make_feed_forward(const ModelConfig& config) {
  const int64_t choices = max_rows * config.num_experts_per_tok;
  hidden_R = make_float_buffer(max_rows * widest_intermediate(config));
  if (config.n_shared_experts > 0) shared_RD = make_float_buffer(max_rows * config.hidden_size);
  hidden_RK = make_float_buffer(choices * config.moe_intermediate_size);
  expert_out = make_float_buffer(choices * config.hidden_size);
  choice = make_choice(choices);
}

void DecodeScratch::cut_rows(std::span<const DecodeRow> rows, int num_parts) {
  int64_t total = 0, before = 0;
  for (const DecodeRow& row : rows) total += row.position + 1;
  int64_t row = 0;
  for (int part = 0; part < num_parts; ++part) {
    while (row < std::ssize(rows) && before * num_parts < total * part) before += rows[row++].position + 1;
    first_row[part] = row;
  }
  first_row[num_parts] = std::ssize(rows);
}

}  // namespace aha::model
