#include "aha/train/optimizer.h"

#include <ATen/Dispatch.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "aha/core/error.h"
#include "aha/ops/parallel.h"
#include "train/adamw_update.h"
#include "train/muon_matrices.h"
#include "train/muon_update.h"

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

// As torch.nn.utils.clip_grad_norm_: the small term keeps the clipped norm from exceeding the limit by rounding.
double clip_of(const OptimizerConfig& config, double norm) {
  return config.max_grad_norm > 0 ? std::min(1.0, config.max_grad_norm / (norm + 1e-6)) : 1.0;
}

AdamWFactors adamw_factors(const OptimizerConfig& config, double norm, double learning_rate, int64_t step) {
  const double t = static_cast<double>(step);
  return {.gradient_scale = clip_of(config, norm),
          .beta1 = config.adam_beta1,
          .beta2 = config.adam_beta2,
          .rate = learning_rate / (1.0 - std::pow(config.adam_beta1, t)),
          .second_moment_scale = 1.0 / std::sqrt(1.0 - std::pow(config.adam_beta2, t)),
          .epsilon = config.adam_epsilon,
          .shrink = 1.0 - learning_rate * config.weight_decay};
}

MuonFactors muon_factors(const OptimizerConfig& config, double norm, double learning_rate) {
  const double rate = learning_rate * config.muon_lr_ratio;
  return {.gradient_scale = clip_of(config, norm),
          .momentum = config.muon_momentum,
          .rate = rate,
          .shrink = 1.0 - rate * config.weight_decay};
}

void update_matrices(const std::vector<model::NamedTensor>& parameters, const Gradients& gradients,
                     const std::vector<at::Tensor>& momenta, const MuonFactors& factors, int num_threads) {
  const std::vector<MatrixPlace> places = muon_matrices(parameters);
  const size_t workers = std::clamp<size_t>(places.size(), 1, static_cast<size_t>(std::max(1, num_threads)));
  std::atomic<size_t> next = 0;
  ops::run_workers(static_cast<int>(workers), [&](int) {
    for (size_t i = next++; i < places.size(); i = next++) {
      const auto [p, start, rows, cols] = places[i];
      AT_DISPATCH_FLOATING_TYPES(gradients[p].scalar_type(), "muon", [&] {
        muon_update(MuonMatrix<scalar_t>{.value = parameters[p].tensor.data_ptr<scalar_t>() + start,
                                         .gradient = gradients[p].const_data_ptr<scalar_t>() + start,
                                         .momentum = momenta[p].data_ptr<scalar_t>() + start,
                                         .rows = rows,
                                         .cols = cols},
                    factors);
      });
    }
  });
}

// The share of the old average in the new one, so that steps alone are averaged: none in the first.
double kept_share(double decay, int64_t step) {
  const double power = std::pow(decay, static_cast<double>(step));
  return (decay - power) / (1.0 - power);
}

template <class Real>
void move_average(Real* __restrict average, const Real* __restrict value, int64_t count, Real kept) {
  for (int64_t i = 0; i < count; ++i) average[i] = value[i] + kept * (average[i] - value[i]);
}

}  // namespace

Optimizer::Optimizer(const model::Model& model, OptimizerConfig config) : config_(std::move(config)) {
  const bool has_muon = config_.optim == "muon";
  if (has_muon && model.lora()) throw ConfigError("optim", "muon trains whole matrices; give adapters adamw");
  for (const auto& parameter : model.parameters()) {
    const bool is_muons = has_muon && is_trained_by_muon(parameter);
    first_.push_back(at::zeros_like(parameter.tensor));
    second_.push_back(is_muons ? at::Tensor() : first_.back().clone());
    average_.push_back(config_.ema_decay > 0 ? parameter.tensor.detach().clone() : at::Tensor());
  }
}

double Optimizer::step(model::Model& model, const Gradients& gradients, double learning_rate, int num_threads) {
  AHA_CHECK(!is_swapped_, "a step needs the trained parameters, not their average");
  const auto& parameters = model.parameters();
  const Gradients given = checked(parameters, gradients);
  const std::vector<Piece> pieces = cut(parameters);
  const double norm = global_norm(pieces, given, num_threads);
  if (!std::isfinite(norm)) return norm;

  const AdamWFactors decayed = adamw_factors(config_, norm, learning_rate, ++steps_done_);
  AdamWFactors plain = decayed;
  plain.shrink = 1.0;
  const double kept = kept_share(config_.ema_decay, steps_done_);
  if (config_.optim == "muon") {
    update_matrices(parameters, given, first_, muon_factors(config_, norm, learning_rate), num_threads);
  }
  for_each_piece(pieces, num_threads, [&](size_t i) {
    const auto [p, start, size] = pieces[i];
    const at::Tensor& tensor = parameters[p].tensor;
    AT_DISPATCH_FLOATING_TYPES(tensor.scalar_type(), "optimizer", [&] {
      scalar_t* value = tensor.data_ptr<scalar_t>() + start;
      if (second_[p].defined()) {
        adamw_update(value, given[p].const_data_ptr<scalar_t>() + start, first_[p].data_ptr<scalar_t>() + start,
                     second_[p].data_ptr<scalar_t>() + start, size, tensor.dim() >= 2 ? decayed : plain);
      }
      if (average_[p].defined()) {
        move_average(average_[p].data_ptr<scalar_t>() + start, value, size, static_cast<scalar_t>(kept));
      }
    });
  });
  return norm;
}

void Optimizer::swap_average(model::Model& model) {
  if (config_.ema_decay == 0) return;
  for (size_t p = 0; p < average_.size(); ++p) {
    const at::Tensor& tensor = model.parameters()[p].tensor;
    AT_DISPATCH_FLOATING_TYPES(tensor.scalar_type(), "swap_average", [&] {
      scalar_t* value = tensor.data_ptr<scalar_t>();
      std::swap_ranges(value, value + tensor.numel(), average_[p].data_ptr<scalar_t>());
    });
  }
  is_swapped_ = !is_swapped_;
}

}  // namespace aha::train
