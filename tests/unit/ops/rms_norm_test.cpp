#include <ATen/ops/zeros.h>

#include "aha/ops/rms_norm.h"

#include <gtest/gtest.h>

#include "support/gradient_check.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops::rms_norm_test {
namespace {

using namespace aha::tests;

at::Tensor plain(const at::Tensor& x, const at::Tensor& weight, double eps) {
  return weight * (x * (x.square().mean(1, true) + eps).rsqrt());
}

TEST(RmsNorm, MatchesTorchInFloat64WithItsGradients) {
  for (const int64_t width : {3, 17, 128}) {
    const auto x = normal_float({9, width}, 1).requires_grad_(true);
    const auto weight = normal_float({width}, 2).requires_grad_(true);
    const auto factor = normal_float({9, width}, 3);
    const auto x64 = x.detach().to(at::kDouble).requires_grad_(true);
    const auto weight64 = weight.detach().to(at::kDouble).requires_grad_(true);
    const auto y = ops::rms_norm(x, weight, 1e-3), exact = plain(x64, weight64, 1e-3);
    EXPECT_LE(relative_error(y, exact.detach()), 1e-6);
    (y * factor).sum().backward();
    (exact * factor).sum().backward();
    EXPECT_LE(relative_error(x.grad(), x64.grad()), 2e-6);
    EXPECT_LE(relative_error(weight.grad(), weight64.grad()), 2e-6);
  }
}

TEST(RmsNorm, GradientsMatchFiniteDifferences) {
  const auto x = variable({3, 5}, 1), weight = variable({5}, 2);
  expect_gradients([&] { return ops::rms_norm(x, weight, 1e-2).sin().sum(); }, {{"x", x}, {"weight", weight}}, 1e-6);
}

TEST(RmsNorm, SameBitsTwiceAndAlone) {
  const auto x = normal_float({20, 33}, 1), weight = normal_float({33}, 2), y = ops::rms_norm(x, weight, 1e-6);
  EXPECT_TRUE(same_bits(ops::rms_norm(x, weight, 1e-6), y));
  EXPECT_TRUE(same_bits(ops::rms_norm(x.slice(0, 7, 8), weight, 1e-6), y.slice(0, 7, 8)));
}

TEST(RmsNorm, NoTokens) {
  const auto x = variable({0, 5}, 1), weight = variable({5}, 2);
  ops::rms_norm(x, weight, 1e-6).sum().backward();
  EXPECT_TRUE(same_bits(weight.grad(), at::zeros({5}, at::kDouble)));
}

TEST(RmsNorm, NamesTheMistake) {
  EXPECT_EQ(shape_error([] {
              ops::rms_norm(at::zeros({3, 8}), at::zeros({7}), 1e-6);
            }),
            "[rms_norm] weight: D is 7, but x has D = 8");
}

}  // namespace
}  // namespace aha::ops::rms_norm_test
