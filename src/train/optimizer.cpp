#include "aha/train/optimizer.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "aha/core/error.h"
#include "aha/ops/parallel.h"
#include "train/adamw_update.h"

namespace aha::train {
namespace {

// Small enough to spread, fixed so that the sums of squares do not depend on the threads.
constexpr int64_t kPieceSize = 16384;

struct Piece {
  size_t parameter;
  int64_t start, size;
};

std::vector<Piece> cut(const std::vector<model::NamedTensor>& parameters) {
  std::vector<Piece> pieces;
  for (size_t p = 0; p < parameters.size(); ++p) {
    const int64_t count = parameters[p].tensor.numel();
    for (int64_t start = 0; start < count; start += kPieceSize) {
      pieces.push_back({p, start, std::min(kPieceSize, count - start)});
    }
  }
  return pieces;
}

void for_each_piece(const std::vector<Piece>& pieces, int num_threads, const std::function<void(size_t piece)>& work) {
  const size_t workers = std::clamp<size_t>(pieces.size(), 1, static_cast<size_t>(std::max(1, num_threads)));
  ops::run_workers(static_cast<int>(workers), [&](int worker) {
    const size_t w = static_cast<size_t>(worker);
    for (size_t i = pieces.size() * w / workers; i < pieces.size() * (w + 1) / workers; ++i) work(i);
  });
}

Gradients checked(const std::vector<model::NamedTensor>& parameters, const Gradients& gradients) {
  AHA_CHECK(gradients.size() == parameters.size(), "one gradient for each parameter");
  Gradients contiguous;
  for (size_t p = 0; p < parameters.size(); ++p) {
    const at::Tensor& value = parameters[p].tensor;
    AHA_CHECK(gradients[p].sizes() == value.sizes() && gradients[p].scalar_type() == value.scalar_type(),
              "gradient of " + parameters[p].name + " has another shape or dtype");
    contiguous.push_back(gradients[p].contiguous());
  }
  return contiguous;
}

double global_norm(const std::vector<Piece>& pieces, const Gradients& gradients, int num_threads) {
  std::vector<double> squares(pieces.size());
  for_each_piece(pieces, num_threads, [&](size_t i) {
    const auto [p, start, size] = pieces[i];
    AT_DISPATCH_FLOATING_TYPES(gradients[p].scalar_type(), "global_norm", [&] {
      squares[i] = sum_of_squares(gradients[p].const_data_ptr<scalar_t>() + start, size);
    });
  });
  return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
}

AdamWFactors factors_of(const OptimizerConfig& config, double norm, double learning_rate, int64_t step) {
  // As torch.nn.utils.clip_grad_norm_: the small term keeps the clipped norm from exceeding the limit by rounding.
  const double clip = config.max_grad_norm > 0 ? std::min(1.0, config.max_grad_norm / (norm + 1e-6)) : 1.0;
  const double t = static_cast<double>(step);
  return {.gradient_scale = clip,
          .beta1 = config.adam_beta1,
          .beta2 = config.adam_beta2,
          .rate = learning_rate / (1.0 - std::pow(config.adam_beta1, t)),
          .second_moment_scale = 1.0 / std::sqrt(1.0 - std::pow(config.adam_beta2, t)),
          .epsilon = config.adam_epsilon,
          .shrink = 1.0 - learning_rate * config.weight_decay};
}

}  // namespace

Optimizer::Optimizer(const model::Model& model, OptimizerConfig config) : config_(config) {
  for (const auto& parameter : model.parameters()) {
    first_.push_back(at::zeros_like(parameter.tensor));
    second_.push_back(first_.back().clone());
  }
}

double Optimizer::step(model::Model& model, const Gradients& gradients, double learning_rate, int num_threads) {
  const auto& parameters = model.parameters();
  const Gradients given = checked(parameters, gradients);
  const std::vector<Piece> pieces = cut(parameters);
  const double norm = global_norm(pieces, given, num_threads);
  if (!std::isfinite(norm)) return norm;

  const AdamWFactors decayed = factors_of(config_, norm, learning_rate, ++steps_done_);
  AdamWFactors plain = decayed;
  plain.shrink = 1.0;
  for_each_piece(pieces, num_threads, [&](size_t i) {
    const auto [p, start, size] = pieces[i];
    const at::Tensor& value = parameters[p].tensor;
    AT_DISPATCH_FLOATING_TYPES(value.scalar_type(), "adamw", [&] {
      adamw_update(value.data_ptr<scalar_t>() + start, given[p].const_data_ptr<scalar_t>() + start,
                   first_[p].data_ptr<scalar_t>() + start, second_[p].data_ptr<scalar_t>() + start, size,
                   value.dim() >= 2 ? decayed : plain);
    });
  });
  return norm;
}

}  // namespace aha::train
