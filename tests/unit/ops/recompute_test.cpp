#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/ops/recompute.h"

#include <gtest/gtest.h>

#include "unit/ops/random_tensor.h"

namespace aha::ops {
namespace {

using namespace aha::tests;

/// Two results of x and weight, and an integer one.
struct Counted {
  at::Tensor weight = variable({3}, 2), unused = variable({3}, 3);
  int calls = 0;
  std::vector<at::Tensor> run(const at::Tensor& x) {
    const Segment segment = [this](const at::Tensor& input) -> std::vector<at::Tensor> {
      ++calls;
      return {(input * weight).sin(), at::full({2}, 7, at::kInt), input.exp().sum()};
    };
    return recompute(segment, x, {weight, unused});
  }
};

TEST(Recompute, GivesWhatAutogradGives) {
  Counted counted;
  const at::Tensor x = variable({3}, 1);
  const std::vector<at::Tensor> out = counted.run(x);
  EXPECT_EQ(counted.calls, 1);
  EXPECT_FALSE(out[1].requires_grad());
  const auto gradients = torch::autograd::grad({out[0].sum() + 2 * out[2]}, {x, counted.weight, counted.unused}, {},
                                               /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
  EXPECT_EQ(counted.calls, 2);
  const auto plain = torch::autograd::grad({(x * counted.weight).sin().sum() + 2 * x.exp().sum()}, {x, counted.weight});
  EXPECT_TRUE(same_bits(gradients[0], plain[0]));
  EXPECT_TRUE(same_bits(gradients[1], plain[1]));
  EXPECT_FALSE(gradients[2].defined());
}

TEST(Recompute, WorksOutWhatIsAskedForAlone) {
  Counted counted;
  const at::Tensor frozen = normal({3}, 1), x = variable({3}, 1);
  const auto of_weight = torch::autograd::grad({counted.run(frozen)[0].sum()}, {counted.weight})[0];
  EXPECT_TRUE(same_bits(of_weight, frozen * (frozen * counted.weight.detach()).cos()));
  // Only the second result is used: the first one's upstream gradient is not there.
  EXPECT_TRUE(same_bits(torch::autograd::grad({counted.run(x)[2]}, {x})[0], x.detach().exp()));
}

TEST(Recompute, RefusesAWeightThatChangedInBetween) {
  Counted counted;
  const at::Tensor loss = counted.run(variable({3}, 1))[0].sum();
  {
    const at::NoGradGuard no_grad;
    counted.weight.add_(1);
  }
  EXPECT_ANY_THROW(torch::autograd::grad({loss}, {counted.weight}));
}

}  // namespace
}  // namespace aha::ops
