#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/ops/token_logprob.h"

#include <gtest/gtest.h>

#include "support/gradient_check.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops {
namespace {

using namespace aha::tests;

at::Tensor targets(int64_t tokens, int64_t vocab_size) {
  return at::arange(tokens, at::kLong).mul(7).remainder(vocab_size);
}

struct Plain {
  at::Tensor logprob, entropy;
};
Plain plain(const at::Tensor& hidden, const at::Tensor& head, const at::Tensor& target, double temperature) {
  const auto all = at::log_softmax(at::mm(hidden, head.t()) / temperature, 1);
  return {all.gather(1, target.unsqueeze(1)).squeeze(1), -(all.exp() * all).sum(1)};
}

TEST(TokenLogprob, WorkedByHand) {
  // Logits 0 and ln 9; at temperature 2 the odds are 1 to 3.
  const auto hidden = torch::tensor({{1.0f}, {1.0f}}), head = torch::tensor({{0.0f}, {std::log(9.0f)}});
  const auto result = token_logprob(hidden, head, torch::tensor({0, 1}, at::kLong), 2.0);
  EXPECT_NEAR(result.logprob_T[0].item<double>(), std::log(0.25), 1e-6);
  EXPECT_NEAR(result.logprob_T[1].item<double>(), std::log(0.75), 1e-6);
  EXPECT_NEAR(result.entropy_T[0].item<double>(), -0.25 * std::log(0.25) - 0.75 * std::log(0.75), 1e-6);
}

TEST(TokenLogprob, MatchesTorchInFloat64AroundChunkEdges) {
  for (const int64_t vocab_size : {1, 33, 320, 9000}) {
    for (const int64_t tokens : {1, 255, 257, 600}) {
      if (vocab_size == 9000 && tokens == 600) continue;
      SCOPED_TRACE(std::to_string(vocab_size) + " x " + std::to_string(tokens));
      const auto hidden = normal_float({tokens, 12}, 1).requires_grad_(true);
      const auto head = normal_float({vocab_size, 12}, 2).requires_grad_(true);
      const auto hidden64 = hidden.detach().to(at::kDouble).requires_grad_(true);
      const auto head64 = head.detach().to(at::kDouble).requires_grad_(true);
      const auto target = targets(tokens, vocab_size), factor = normal_float({tokens}, 3);
      const auto ours = token_logprob(hidden, head, target, 0.8);
      const auto exact = plain(hidden64, head64, target, 0.8);
      EXPECT_LE((ours.logprob_T.detach() - exact.logprob.detach()).abs().max().item<double>(), 1e-5);
      EXPECT_LE((ours.entropy_T - exact.entropy.detach()).abs().max().item<double>(), 1e-5);
      EXPECT_LE(ours.logprob_T.max().item<double>(), 0.0);
      (ours.logprob_T * factor).sum().backward();
      (exact.logprob * factor).sum().backward();
      if (vocab_size == 1) continue;  // exactly zero; ours within rounding
      EXPECT_LE(relative_error(hidden.grad(), hidden64.grad()), 1e-5);
      EXPECT_LE(relative_error(head.grad(), head64.grad()), 1e-5);
    }
  }
}

TEST(TokenLogprob, GradientsMatchFiniteDifferences) {
  const auto hidden = variable({6, 4}, 1), head = variable({7, 4}, 2), target = targets(6, 7);
  expect_gradients([&] { return token_logprob(hidden, head, target, 1.3).logprob_T.sin().sum(); },
                   {{"hidden", hidden}, {"head", head}}, 1e-6);
}

TEST(TokenLogprob, EntropyCarriesNoGradient) {
  const auto hidden = variable({6, 4}, 1), head = variable({7, 4}, 2);
  EXPECT_FALSE(token_logprob(hidden, head, targets(6, 7)).entropy_T.requires_grad());
}

TEST(TokenLogprob, SameBitsTwiceAndAlone) {
  const auto hidden = normal_float({300, 16}, 1), head = normal_float({320, 16}, 2).requires_grad_(true);
  const auto target = targets(300, 320);
  const auto first = token_logprob(hidden, head, target), again = token_logprob(hidden, head, target);
  EXPECT_TRUE(same_bits(first.logprob_T.detach(), again.logprob_T.detach()));
  const auto grad = torch::autograd::grad({first.logprob_T.sum()}, {head})[0];
  EXPECT_TRUE(same_bits(torch::autograd::grad({again.logprob_T.sum()}, {head})[0], grad));
  const auto alone = token_logprob(hidden.slice(0, 290, 291), head, target.slice(0, 290, 291));
  EXPECT_TRUE(same_bits(alone.logprob_T.detach(), first.logprob_T.detach().slice(0, 290, 291)));
  EXPECT_TRUE(same_bits(alone.entropy_T, first.entropy_T.slice(0, 290, 291)));
}

TEST(TokenLogprob, NoTokens) {
  const auto hidden = variable({0, 4}, 1), head = variable({7, 4}, 2);
  const auto result = token_logprob(hidden, head, at::empty({0}, at::kLong));
  EXPECT_EQ(result.logprob_T.numel(), 0);
  result.logprob_T.sum().backward();
  EXPECT_TRUE(same_bits(head.grad(), at::zeros({7, 4}, at::kDouble)));
}

TEST(TokenLogprob, NamesTheMistake) {
  const auto hidden = at::zeros({2, 4}), head = at::zeros({7, 4}), target = torch::tensor({0, 7}, at::kLong);
  EXPECT_EQ(shape_error([&] { token_logprob(hidden, head, target); }),
            "[token_logprob] target: entry 1 is 7, but must be in [0, 7)");
  EXPECT_EQ(shape_error([&] { token_logprob(hidden, head, targets(3, 7)); }),
            "[token_logprob] target: T is 3, but hidden has T = 2");
  EXPECT_EQ(shape_error([&] { token_logprob(hidden, head, targets(2, 7), 0.0); }),
            "[token_logprob] temperature: is 0.000000, but must be above 0");
}

}  // namespace
}  // namespace aha::ops
