#include "train/grpo_passes.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>

#include "aha/ops/embedding.h"
#include "aha/ops/parallel.h"
#include "train/sample_routes.h"
#include "train/spare_threads.h"

namespace aha::train {
namespace {

model::ForwardOptions forward_options(const GrpoConfig& config) {
  return {.recompute = config.gradient_checkpointing,
          .products = config.bf16 ? ops::NumberType::kBFloat16 : ops::NumberType::kFloat32};
}

}  // namespace

std::vector<Samples> cut(const Samples& samples, const GrpoConfig& config) {
  return cut_samples(samples, config.tokens_per_micro_batch, config.shared_prompt);
}

void for_each_without_gradient(size_t count, int num_threads, const std::function<void(size_t)>& work) {
  if (count == 0) return;
  const int num_workers = static_cast<int>(std::min<size_t>(count, static_cast<size_t>(num_threads)));
  std::atomic<size_t> next = 0;
  ops::run_workers(num_workers, [&](int worker) {
    const at::NoGradGuard no_grad;
    const ops::OperationThreads helpers = spare_threads(num_threads, num_workers, worker);
    for (size_t i = next++; i < count; i = next++) work(i);
  });
}

SampleScores run_model(const model::Model& model, const Samples& batch, const GrpoConfig& config, Routing routing) {
  SampleScores scores;
  const SampleTokens packed = pack_samples(batch, config.shared_prompt);
  model::ForwardOptions options = forward_options(config);
  options.record_routes = routing == Routing::kRecord;
  if (routing == Routing::kReplay) {
    options.routes_TLK = packed_routes(batch, packed, model.config());
    scores.num_routed = options.routes_TLK.defined() ? options.routes_TLK.size(0) : 0;
    scores.num_unrouted = num_unknown(options.routes_TLK);
  }
  const model::ForwardOutput out = model.forward(packed.tokens, options);
  if (routing == Routing::kRecord) take_routes(out.routes_TLK, packed, batch);
  const at::Tensor hidden_TD = ops::embedding(out.hidden_TD, packed.row_T);
  scores.of = model.score(hidden_TD, packed.target_T, config.sampling.temperature, options.products);
  scores.expert_counts = out.expert_counts;
  return scores;
}

void hand_out(const at::Tensor& value_T, const Samples& samples, std::vector<double> GrpoSample::*target) {
  if (target == nullptr) return;
  const at::Tensor contiguous_T = value_T.to(at::kDouble).contiguous();
  const double* values = contiguous_T.const_data_ptr<double>();
  for (GrpoSample* sample : samples) {
    const double* end = values + sample->completion->token_ids.size();
    (sample->*target).assign(values, end);
    values = end;
  }
}

void score(const model::Model& model, const Samples& samples, const GrpoConfig& config, int num_threads,
           Routing routing, const PassTargets& targets) {
  const auto batches = cut(samples, config);
  for_each_without_gradient(batches.size(), num_threads, [&](size_t i) {
    const SampleScores scores = run_model(model, batches[i], config, routing);
    hand_out(scores.of.logprob_T, batches[i], targets.logprobs);
    hand_out(scores.of.entropy_T, batches[i], targets.entropies);
  });
}

}  // namespace aha::train
