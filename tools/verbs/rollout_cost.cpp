// Weights are read once a step, a token's cache once for every token after it.
#include "verbs/rollout_cost.h"

#include <cmath>

namespace aha::tools {
namespace {

// Different experts among the choices of some rows.
int64_t distinct_experts(const model::ModelConfig& config, double rows) {
  if (config.n_routed_experts == 0) return 0;
  const double experts = static_cast<double>(config.n_routed_experts);
  const double missed = std::pow(1 - static_cast<double>(config.num_experts_per_tok) / experts, rows);
  return std::llround(experts * (1 - missed));
}

// Cached tokens that rows attend to, themselves included.
struct Attended {
  double by_prompts = 0, by_completions = 0;
};

Attended attended_tokens(const data::CompletionBatch& batch) {
  Attended sum;
  for (const data::Prompt& prompt : batch.prompts) {
    const double length = static_cast<double>(prompt.token_ids.size());
    sum.by_prompts += length * (length + 1) / 2;
  }
  for (const data::Completion& completion : batch.completions) {
    const double prompt = static_cast<double>(batch.prompts[completion.prompt_index].token_ids.size());
    const double rows = static_cast<double>(completion.token_ids.size()) - 1;  // the prompt's last row gave one token
    sum.by_completions += rows * prompt + rows * (rows + 1) / 2;
  }
  return sum;
}

// Scores and sums over one cached token, in all layers.
double attention_flops(const model::ModelConfig& config) {
  const int64_t numbers = config.attention == model::AttentionKind::kLatent
                              ? 2 * config.kv_lora_rank + config.qk_rope_head_dim
                              : 2 * config.head_dim;
  return 2.0 * static_cast<double>(config.num_hidden_layers * config.num_attention_heads * numbers);
}

}  // namespace

RolloutCost rollout_cost(const model::DecodeWeights& weights, const rollout::EngineStats& stats,
                         const data::CompletionBatch& batch) {
  const model::ModelConfig& config = weights.config();
  const double steps = static_cast<double>(stats.steps), rows = static_cast<double>(stats.computed_tokens);
  const double tokens = static_cast<double>(stats.completion_tokens);
  if (steps == 0 || tokens == 0) return {};
  const Attended attended = attended_tokens(batch);

  const double slot_bytes = static_cast<double>(model::KvCache::page_bytes(config, weights.options())) /
                            static_cast<double>(model::kPageTokens);
  const double weight_bytes = steps * static_cast<double>(weights.step_bytes(distinct_experts(config, rows / steps)));

  // The embedding is looked up, and the head reads only rows that a token is drawn from.
  const int64_t head = config.vocab_size * config.hidden_size;
  const int64_t body = config.num_active_parameters() - (config.tie_word_embeddings ? head : 2 * head);
  const double drawn = tokens + static_cast<double>(stats.draft_tokens);
  const double flops = 2.0 * (rows * static_cast<double>(body) + drawn * static_cast<double>(head)) +
                       attention_flops(config) * (attended.by_prompts + attended.by_completions);
  return {.bytes_per_token = (weight_bytes + attended.by_completions * slot_bytes) / tokens,
          .flops_per_token = flops / tokens};
}

}  // namespace aha::tools
