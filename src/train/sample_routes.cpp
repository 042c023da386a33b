#include "train/sample_routes.h"

#include <ATen/ops/full.h>

#include <algorithm>

#include "aha/core/error.h"

namespace aha::train {
namespace {

// The record of a few tokens, or -1 for each of their experts if there is none.
void append_record(const std::vector<uint8_t>& record, int64_t num_tokens, int64_t per_token,
                   std::vector<int16_t>& routes) {
  const auto size = static_cast<size_t>(num_tokens * per_token);
  if (record.empty()) {
    routes.insert(routes.end(), size, int16_t{-1});
    return;
  }
  AHA_CHECK(record.size() == size, "a rollout records the experts of every token or of none");
  routes.insert(routes.end(), record.begin(), record.end());
}

// visit(sample, first of its inputs, first row of the pack, count) for the two runs of rows that a sample's inputs lie
// in: those of its prompt, which end with the row that predicts its first token, and those of its completion.
template <class Visit>
void for_each_run(const std::vector<GrpoSample*>& samples, const SampleTokens& packed, const Visit& visit) {
  const int64_t* row = packed.row_T.const_data_ptr<int64_t>();
  for (GrpoSample* sample : samples) {
    const auto prompt = std::ssize(sample->prompt->token_ids), length = std::ssize(sample->completion->token_ids);
    visit(*sample, 0, row[0] - prompt + 1, prompt);
    if (length > 1) visit(*sample, prompt, row[1], length - 1);
    row += length;
  }
}

}  // namespace

int64_t num_moe_layers(const model::ModelConfig& config) {
  int64_t count = 0;
  for (int64_t layer = 0; layer < config.num_hidden_layers; ++layer) count += config.is_moe_layer(layer);
  return count;
}

void recall_routes(const data::CompletionBatch& batch, const model::ModelConfig& config,
                   std::vector<GrpoSample>& samples) {
  const int64_t per_token = num_moe_layers(config) * config.num_experts_per_tok;
  for (GrpoSample& sample : samples) {
    const auto prompt = static_cast<size_t>(sample.completion->prompt_index);
    const auto prompt_tokens = std::ssize(sample.prompt->token_ids);
    append_record(batch.prompt_routing.at(prompt), prompt_tokens, per_token, sample.routes);
    append_record(sample.completion->routing, sample.num_inputs() - prompt_tokens, per_token, sample.routes);
  }
}

at::Tensor packed_routes(const std::vector<GrpoSample*>& samples, const SampleTokens& packed,
                         const model::ModelConfig& config) {
  const bool is_known =
      std::any_of(samples.begin(), samples.end(), [](const GrpoSample* s) { return !s->routes.empty(); });
  if (!is_known) return {};
  const int64_t layers = num_moe_layers(config), experts = config.num_experts_per_tok, per_token = layers * experts;
  const at::Tensor routes_TLK = at::full({packed.tokens.token_T.numel(), layers, experts}, -1, at::kInt);
  int32_t* routes = routes_TLK.data_ptr<int32_t>();
  for_each_run(samples, packed, [&](const GrpoSample& sample, int64_t first, int64_t row, int64_t count) {
    if (sample.routes.empty()) return;
    std::copy_n(sample.routes.begin() + first * per_token, count * per_token, routes + row * per_token);
  });
  return routes_TLK;
}

void take_routes(const at::Tensor& routes_TLK, const SampleTokens& packed, const std::vector<GrpoSample*>& samples) {
  const at::Tensor contiguous_TLK = routes_TLK.contiguous();
  const int32_t* routes = contiguous_TLK.const_data_ptr<int32_t>();
  const int64_t per_token = contiguous_TLK.size(1) * contiguous_TLK.size(2);
  for_each_run(samples, packed, [&](GrpoSample& sample, int64_t first, int64_t row, int64_t count) {
    sample.routes.resize(static_cast<size_t>(sample.num_inputs() * per_token));
    const auto to_short = [](int32_t expert) { return static_cast<int16_t>(expert); };
    std::transform(routes + row * per_token, routes + (row + count) * per_token,
                   sample.routes.begin() + first * per_token, to_short);
  });
}

int64_t num_unknown(const at::Tensor& routes_TLK) {
  if (!routes_TLK.defined() || routes_TLK.numel() == 0) return 0;
  return routes_TLK.select(2, 0).select(1, 0).eq(-1).sum().item<int64_t>();
}

}  // namespace aha::train
