// Experts that a step's tokens go to again: as samples keep them, and as a packed forward pass takes them.
#pragma once
#include <ATen/core/Tensor.h>

#include "aha/model/config.h"
#include "train/grpo_samples.h"

namespace aha::train {

int64_t num_moe_layers(const model::ModelConfig& config);

/// Gives each sample the routes that the rollout recorded of its prompt and of its completion; -1 where it did not.
void recall_routes(const data::CompletionBatch& batch, const model::ModelConfig& config,
                   std::vector<GrpoSample>& samples);

/// [T, MoE layers, K] int32 for ForwardOptions::routes_TLK; undefined where no sample has routes.
at::Tensor packed_routes(const std::vector<GrpoSample*>& samples, const SampleTokens& packed,
                         const model::ModelConfig& config);

/// Gives each sample its rows of what a pass recorded.
void take_routes(const at::Tensor& routes_TLK, const SampleTokens& packed, const std::vector<GrpoSample*>& samples);

/// Rows that choose for themselves.
int64_t num_unknown(const at::Tensor& routes_TLK);

}  // namespace aha::train
