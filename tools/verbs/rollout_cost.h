// What a completion token costs, counted from the model's shape: bytes read and operations done.
#pragma once
#include "aha/model/decoder.h"
#include "aha/rollout/engine.h"

namespace aha::tools {

struct RolloutCost {
  double bytes_per_token = 0;  // of weights and cache; wherever in the machine they lie
  double flops_per_token = 0;  // a multiply-add is two
};

/// All steps of a run, prompts included, over its completion tokens. Experts are taken to be chosen evenly, and a step
/// to have as many rows as steps have on average.
RolloutCost rollout_cost(const model::DecodeWeights& weights, const rollout::EngineStats& stats,
                         const data::CompletionBatch& batch);

}  // namespace aha::tools
