#include "aha/train/preference_update.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "aha/core/error.h"
#include "aha/ops/parallel.h"
#include "train/micro_batches.h"

namespace aha::train {

PreferenceUpdate::PreferenceUpdate(model::Model& model, PreferenceUpdateConfig config, int num_threads)
    : model_(model),
      config_(std::move(config)),
      optimizer_(model, config_.optimizer),
      num_threads_(num_threads > 0 ? num_threads : ops::default_num_threads()) {}

model::ForwardOptions PreferenceUpdate::forward_options() const {
  return {.recompute = config_.gradient_checkpointing,
          .products = config_.bf16 ? ops::NumberType::kBFloat16 : ops::NumberType::kFloat32};
}

PreferenceReport PreferenceUpdate::step(const std::vector<int64_t>& lengths, const Losses& losses,
                                        double learning_rate) {
  AHA_CHECK(!lengths.empty(), "a step needs at least one row to learn from");
  const auto groups = micro_batches(lengths, config_.tokens_per_micro_batch);
  std::vector<double> parts(groups.size());
  const Gradients gradients = accumulate_gradients(model_, std::ssize(groups), num_threads_, [&](int64_t index) {
    const at::Tensor loss = losses(groups[static_cast<size_t>(index)]).sum() / static_cast<double>(lengths.size());
    parts[static_cast<size_t>(index)] = loss.item<double>();
    return loss;
  });
  const double loss = std::accumulate(parts.begin(), parts.end(), 0.0);
  const double grad_norm =
      std::isfinite(loss) ? optimizer_.step(model_, gradients, learning_rate, num_threads_) : std::nan("");
  const bool skipped = !std::isfinite(grad_norm);
  return {.metrics = {{"loss", loss},
                      {"grad_norm", grad_norm},
                      {"learning_rate", learning_rate},
                      {"skipped", skipped ? 1.0 : 0.0}},
          .skipped = skipped};
}

PreferenceReport PreferenceUpdate::measure(const std::vector<int64_t>& lengths, const Losses& losses) const {
  AHA_CHECK(!lengths.empty(), "nothing is there to be measured on");
  const auto groups = micro_batches(lengths, config_.tokens_per_micro_batch);
  std::vector<double> parts(groups.size());
  std::atomic<size_t> next = 0;
  ops::run_workers(static_cast<int>(std::min<int64_t>(num_threads_, std::ssize(groups))), [&](int) {
    const at::NoGradGuard no_grad;
    for (size_t i = next++; i < groups.size(); i = next++) parts[i] = losses(groups[i]).sum().item<double>();
  });
  const double sum = std::accumulate(parts.begin(), parts.end(), 0.0);
  return {.metrics = {{"loss", sum / static_cast<double>(lengths.size())}}};
}

}  // namespace aha::train
