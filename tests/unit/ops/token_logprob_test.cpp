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
#include "support/peak_memory.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops::token_logprob_test {
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
      EXPECT_TRUE(at::equal(ours.is_best_T, at::mm(hidden64, head64.t()).argmax(1).eq(target)));
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

TEST(TokenLogprob, EntropyGradientsMatchFiniteDifferences) {
  const auto hidden = variable({6, 4}, 1), head = variable({7, 4}, 2), target = targets(6, 7);
  expect_gradients([&] { return token_logprob(hidden, head, target, 1.3).entropy_T.sin().sum(); },
                   {{"hidden", hidden}, {"head", head}}, 1e-6);
}

// At probabilities 1/4 and 3/4, dH/dx = -s p (log p + H) = ∓ s p q ln 3 with s = 1/2.
TEST(TokenLogprob, EntropyGradientWorkedByHand) {
  const auto hidden = variable({1, 1}, 1), head = variable({2, 1}, 2);
  hidden.detach().fill_(1.0);
  head.detach().copy_(torch::tensor({{0.0}, {std::log(9.0)}}, at::kDouble));
  token_logprob(hidden, head, at::zeros({1}, at::kLong), 2.0).entropy_T.sum().backward();
  EXPECT_NEAR(head.grad()[0].item<double>(), 0.5 * 0.1875 * std::log(3.0), 1e-14);
  EXPECT_NEAR(head.grad()[1].item<double>(), -0.5 * 0.1875 * std::log(3.0), 1e-14);
}

TEST(TokenLogprob, BothGradientsTogetherMatchTorch) {
  for (const int64_t vocab_size : {33, 320, 9000}) {
    SCOPED_TRACE(vocab_size);
    const int64_t tokens = vocab_size == 9000 ? 120 : 300;
    const auto target = targets(tokens, vocab_size);
    const auto policy_factor = normal({tokens}, 3), entropy_factor = normal({tokens}, 4);
    const auto gradients = [&](const auto& function, at::ScalarType dtype) {
      const auto hidden = normal({tokens, 12}, 1).to(dtype).requires_grad_(true);
      const auto head = normal({vocab_size, 12}, 2).to(dtype).requires_grad_(true);
      const auto [logprob, entropy] = function(hidden, head, target, 0.8);
      return torch::autograd::grad({(logprob * policy_factor).sum() + (entropy * entropy_factor).sum()},
                                   {hidden, head});
    };
    const auto chunked = [](const auto&... arguments) {
      const TokenLogprob scores = token_logprob(arguments...);
      return std::pair(scores.logprob_T, scores.entropy_T);
    };
    const auto exact = gradients(plain, at::kDouble), ours = gradients(chunked, at::kDouble);
    const auto rounded = gradients(chunked, at::kFloat);
    for (int i = 0; i < 2; ++i) {
      EXPECT_LE(relative_error(ours[i], exact[i]), 1e-12);
      EXPECT_LE(relative_error(rounded[i], exact[i]), 1e-5);
    }
  }
}

// [T, V] would be 2 GB; so would the softmax.
TEST(TokenLogprob, WorkspaceStaysSmallAtAnyLength) {
  const int64_t tokens = 16'384, vocab_size = 32'000, width = 4;
  const auto hidden = normal_float({tokens, width}, 1).requires_grad_(true);
  const auto head = normal_float({vocab_size, width}, 2).requires_grad_(true);
  const auto target = targets(tokens, vocab_size);
  const auto step = [&](int64_t rows) {
    const auto result = token_logprob(hidden.narrow(0, 0, rows), head, target.narrow(0, 0, rows));
    torch::autograd::grad({result.logprob_T.sum() + result.entropy_T.sum()}, {hidden, head});
  };
  step(1);  // what is set up on first use is not counted
  EXPECT_LT(peak_bytes_of([&] { step(tokens); }), 16 << 20);
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
}  // namespace aha::ops::token_logprob_test
