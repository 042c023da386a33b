// Which tokens count, and how much.
#include <ATen/TensorOperators.h>
#include <ATen/ops/sort.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "aha/core/error.h"
#include "aha/objective/grpo_loss.h"
#include "aha/ops/tensor_check.h"

namespace aha::objective {

std::vector<double> sequence_weights(const std::string& loss_type, const std::vector<int64_t>& lengths,
                                     int64_t max_completion_length) {
  const bool is_mean_of_means = loss_type == "grpo" || loss_type == "sapo";
  const bool is_mean_of_tokens = loss_type == "bnpo" || loss_type == "dapo" || loss_type == "cispo";
  if (!is_mean_of_means && !is_mean_of_tokens && loss_type != "dr_grpo") {
    throw ConfigError("loss_type", "`" + loss_type + "` is none; use grpo, bnpo, dr_grpo, dapo, cispo or sapo");
  }
  const double num_sequences = static_cast<double>(lengths.size());
  const double num_tokens = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), int64_t{0}));
  std::vector<double> weights;
  for (const int64_t length : lengths) {
    double divisor = num_tokens;
    if (is_mean_of_means) divisor = num_sequences * static_cast<double>(length);
    if (loss_type == "dr_grpo") divisor = num_sequences * static_cast<double>(max_completion_length);
    weights.push_back(1.0 / std::max(divisor, 1.0));
  }
  return weights;
}

at::Tensor top_entropy_mask(const at::Tensor& entropy_T, double quantile) {
  ops::TensorCheck("top_entropy_mask").shape("entropy", entropy_T, "T");
  if (!(quantile >= 0 && quantile <= 1)) {
    throw ShapeError("[top_entropy_mask] quantile is " + std::to_string(quantile) + ", but must be in [0, 1]");
  }
  const at::Tensor entropies = entropy_T.detach().to(at::kDouble);
  if (entropies.numel() == 0) return entropies.to(entropy_T.scalar_type());
  const at::Tensor falling = std::get<0>(at::sort(entropies, /*dim=*/0, /*descending=*/true)).contiguous();
  // The quantile lies this far below the largest, mostly between two.
  const double rank = quantile * static_cast<double>(falling.numel() - 1);
  const double* values = falling.const_data_ptr<double>();
  const double above = values[static_cast<int64_t>(std::floor(rank))];
  const double below = values[static_cast<int64_t>(std::ceil(rank))];
  return entropies.ge(std::lerp(above, below, rank - std::floor(rank))).to(entropy_T.scalar_type());
}

}  // namespace aha::objective
