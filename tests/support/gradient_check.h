// Compares autograd's gradients with finite differences in float64.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace aha::tests {

using Loss = std::function<at::Tensor()>;

struct GradientCheck {
  double step = 1e-4;
  int64_t points = 12;  // of each tensor, spread evenly
  /// False where a perturbed evaluation left the smooth piece (another route): the point is then skipped.
  std::function<bool()> still_smooth = [] { return true; };
};

/// Five-point difference of the loss in one element; NaN if the point must be skipped. Its error is O(step⁴).
inline double finite_difference(const Loss& loss, double& element, const GradientCheck& check) {
  const double middle = element;
  const double coefficients[] = {1, -8, 8, -1};
  const double places[] = {-2, -1, 1, 2};
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    element = middle + places[i] * check.step;
    sum += coefficients[i] * loss().item<double>();
    if (!check.still_smooth()) sum = std::numeric_limits<double>::quiet_NaN();
  }
  element = middle;
  return sum / (12 * check.step);
}

/// Largest difference over the checked points of one tensor, relative to that tensor's largest gradient there.
inline double gradient_error(const Loss& loss, at::Tensor input, const at::Tensor& gradient, const GradientCheck& check,
                             int64_t& skipped) {
  const at::NoGradGuard no_grad;
  const at::Tensor analytic = gradient.contiguous();
  const int64_t stride = std::max<int64_t>(1, input.numel() / check.points);
  double worst = 0, largest = 1e-8;
  for (int64_t i = 0; i < input.numel(); i += stride) {
    const double expected = finite_difference(loss, input.data_ptr<double>()[i], check);
    if (std::isnan(expected)) {
      ++skipped;
      continue;
    }
    worst = std::max(worst, std::abs(expected - analytic.data_ptr<double>()[i]));
    largest = std::max(largest, std::abs(expected));
  }
  return worst / largest;
}

/// Expects every gradient of `loss` within `tolerance`; at most a tenth of the points may be skipped.
inline void expect_gradients(const Loss& loss, const std::vector<std::pair<std::string, at::Tensor>>& inputs,
                             double tolerance, const GradientCheck& check = {}) {
  std::vector<at::Tensor> tensors;
  for (const auto& [name, tensor] : inputs) tensors.push_back(tensor);
  const auto gradients = torch::autograd::grad({loss()}, tensors);
  int64_t skipped = 0, total = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    EXPECT_LE(gradient_error(loss, tensors[i], gradients[i], check, skipped), tolerance) << inputs[i].first;
    total += std::min(tensors[i].numel(), check.points);
  }
  EXPECT_LE(skipped * 10, total) << "too many points near a tie";
}

}  // namespace aha::tests
