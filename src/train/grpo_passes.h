// A model over the samples of a step: cut into micro-batches, packed, run with the forward options of the config.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "aha/model/model.h"
#include "train/grpo_samples.h"

namespace aha::train {

using Samples = std::vector<GrpoSample*>;

std::vector<Samples> cut(const Samples& samples, const GrpoConfig& config);

/// work(0) … work(count - 1) on several threads, none of which builds a graph.
void for_each_without_gradient(size_t count, int num_threads, const std::function<void(size_t)>& work);

/// Which experts tokens go to: those the gate chooses; those of GrpoSample::routes, where there are some; the gate's,
/// which are written to GrpoSample::routes.
enum class Routing { kOwn, kReplay, kRecord };

/// What a model says of a micro-batch.
struct SampleScores {
  model::TokenScores of;  // of the completions' tokens, in the order of per_token()
  std::vector<at::Tensor> expert_counts;
  int64_t num_routed = 0, num_unrouted = 0;  // tokens whose experts were to be replayed; those of them without a record
};
SampleScores run_model(const model::Model& model, const Samples& batch, const GrpoConfig& config, Routing routing);

/// One value for each completion token, the inverse of per_token(); a null target takes none.
void hand_out(const at::Tensor& value_T, const Samples& samples, std::vector<double> GrpoSample::*target);

/// Where a pass without gradients puts what it finds; null: nowhere.
struct PassTargets {
  std::vector<double> GrpoSample::*logprobs = nullptr;
  std::vector<double> GrpoSample::*entropies = nullptr;
};
void score(const model::Model& model, const Samples& samples, const GrpoConfig& config, int num_threads,
           Routing routing, const PassTargets& targets);

}  // namespace aha::train
