// AdamW against torch's in float64, and what must not change its bits.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/all.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>

#include "aha/train/optimizer.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "support/tiny_model.h"
#include "unit/core/temporary_folder.h"

namespace aha::train {
namespace {

using test::copy_of_parameters;
using test::equal_parameters;
using test::TemporaryFolder;
using test::tiny_model;

Gradients random_gradients(const model::Model& model, int64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  Gradients gradients;
  for (const auto& parameter : model.parameters()) {
    gradients.push_back(at::randn(parameter.tensor.sizes(), generator, model.dtype()));
  }
  return gradients;
}

/// torch's AdamW on copies: matrices in a group that decays, vectors in one that does not.
class Yardstick {
 public:
  Yardstick(const model::Model& model, const OptimizerConfig& config, double learning_rate) {
    std::vector<at::Tensor> matrices, vectors;
    for (const auto& parameter : model.parameters()) {
      values_.push_back(parameter.tensor.detach().clone().set_requires_grad(true));
      (parameter.tensor.dim() >= 2 ? matrices : vectors).push_back(values_.back());
    }
    const auto options = torch::optim::AdamWOptions(learning_rate)
                             .betas({config.adam_beta1, config.adam_beta2})
                             .eps(config.adam_epsilon);
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(matrices, std::make_unique<torch::optim::AdamWOptions>(
                                      torch::optim::AdamWOptions(options).weight_decay(config.weight_decay)));
    groups.emplace_back(
        vectors, std::make_unique<torch::optim::AdamWOptions>(torch::optim::AdamWOptions(options).weight_decay(0)));
    optimizer_ = std::make_unique<torch::optim::AdamW>(groups, options);
    max_norm_ = config.max_grad_norm;
  }

  double step(const Gradients& gradients) {
    for (size_t p = 0; p < values_.size(); ++p) values_[p].mutable_grad() = gradients[p].clone();
    const double norm = torch::nn::utils::clip_grad_norm_(values_, max_norm_);
    optimizer_->step();
    return norm;
  }

  const std::vector<at::Tensor>& values() const { return values_; }

 private:
  std::vector<at::Tensor> values_;
  std::unique_ptr<torch::optim::AdamW> optimizer_;
  double max_norm_;
};

TEST(AdamW, EqualsTorchOverTwentySteps) {
  model::Model model = tiny_model({}, at::kDouble);
  const OptimizerConfig config{.weight_decay = 0.1, .max_grad_norm = 20.0};
  Yardstick yardstick(model, config, 1e-2);
  Optimizer optimizer(model, config);
  for (int step = 0; step < 20; ++step) {
    Gradients gradients = random_gradients(model, step);
    for (auto& gradient : gradients) gradient *= step % 3 == 0 ? 5.0 : 0.01;  // clipped and not
    EXPECT_NEAR(optimizer.step(model, gradients, 1e-2, 2), yardstick.step(gradients), 1e-9);
  }
  EXPECT_LE(test::relative_difference(copy_of_parameters(model), yardstick.values()), 1e-12);
}

TEST(AdamW, OneStepByHand) {
  // Gradient 1 everywhere: both moments are 1 after bias correction, so a value moves by the rate, matrices decay.
  model::Model model = tiny_model({}, at::kDouble);
  const auto before = copy_of_parameters(model);
  Optimizer optimizer(model, {.adam_epsilon = 1e-300, .weight_decay = 0.5, .max_grad_norm = 0});
  Gradients ones;
  double count = 0;
  for (const auto& value : before) {
    ones.push_back(at::ones_like(value));
    count += static_cast<double>(value.numel());
  }
  EXPECT_NEAR(optimizer.step(model, ones, 0.1), std::sqrt(count), 1e-9);
  for (size_t p = 0; p < before.size(); ++p) {
    const double shrink = before[p].dim() >= 2 ? 0.95 : 1.0;
    EXPECT_TRUE(at::allclose(model.parameters()[p].tensor, before[p] * shrink - 0.1, 0, 1e-12))
        << model.parameters()[p].name;
  }
}

TEST(AdamW, BitsDoNotDependOnThreads) {
  std::vector<std::vector<at::Tensor>> results;
  std::vector<double> norms;
  for (const int threads : {1, 2, 3, 7}) {
    model::Model model = tiny_model({.vocab_size = 4096});  // several pieces
    Optimizer optimizer(model, {.weight_decay = 0.1});
    for (int step = 0; step < 3; ++step)
      norms.push_back(optimizer.step(model, random_gradients(model, step), 1e-2, threads));
    results.push_back(copy_of_parameters(model));
  }
  for (size_t i = 1; i < results.size(); ++i) EXPECT_TRUE(equal_parameters(results[0], results[i]));
  for (size_t i = 3; i < norms.size(); ++i) EXPECT_EQ(norms[i], norms[i % 3]);
}

TEST(AdamW, NonFiniteGradientChangesNothing) {
  model::Model model = tiny_model(), twin = tiny_model();
  Optimizer optimizer(model, {}), twin_optimizer(twin, {});
  Gradients broken = random_gradients(model, 1);
  broken.back().view(-1)[0] = std::nanf("");
  EXPECT_TRUE(std::isnan(optimizer.step(model, broken, 1e-2)));
  broken.back().view(-1)[0] = INFINITY;
  EXPECT_TRUE(std::isinf(optimizer.step(model, broken, 1e-2)));
  EXPECT_EQ(optimizer.steps_done(), 0);
  optimizer.step(model, random_gradients(model, 2), 1e-2);
  twin_optimizer.step(twin, random_gradients(twin, 2), 1e-2);
  EXPECT_TRUE(equal_parameters(copy_of_parameters(model), copy_of_parameters(twin)));
}

TEST(AdamW, GoesOnAfterLoadingWithTheSameBits) {
  const TemporaryFolder folder;
  model::Model model = tiny_model();
  Optimizer optimizer(model, {.weight_decay = 0.1});
  for (int step = 0; step < 3; ++step) optimizer.step(model, random_gradients(model, step), 1e-2);
  optimizer.save(model, folder.path());
  const std::string bytes = read_file(folder / "optimizer.safetensors");

  model::Model again = model.clone();
  Optimizer resumed(again, {.weight_decay = 0.1});
  resumed.load(again, folder.path());
  EXPECT_EQ(resumed.steps_done(), 3);
  resumed.save(again, folder.path());
  EXPECT_EQ(read_file(folder / "optimizer.safetensors"), bytes);
  for (int step = 3; step < 6; ++step) {
    optimizer.step(model, random_gradients(model, step), 1e-2);
    resumed.step(again, random_gradients(model, step), 1e-2);
  }
  EXPECT_TRUE(equal_parameters(copy_of_parameters(model), copy_of_parameters(again)));
}

TEST(AdamW, RefusesMomentsOfAnotherModel) {
  const TemporaryFolder folder;
  model::Model model = tiny_model(), wider = tiny_model({.vocab_size = 25}), deeper = tiny_model({.with_mtp = true});
  Optimizer(model, {}).save(model, folder.path());
  Optimizer for_wider(wider, {}), for_deeper(deeper, {});
  try {
    for_wider.load(wider, folder.path());
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("first_moment.embed_tokens has another shape"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(for_deeper.load(deeper, folder.path()), InputError);
  EXPECT_THROW(for_wider.load(wider, folder / "absent"), InputError);
}

TEST(AccumulateGradients, SumsInOrderWhateverTheThreads) {
  const model::Model model = tiny_model();
  const auto sequences = test::random_sequences(12);
  const auto loss = [&](int64_t i) {
    const auto tokens = model::pack_tokens({&sequences[static_cast<size_t>(i)].token_ids});
    return model.forward(tokens).hidden_TD.square().sum() * (i % 2 == 0 ? 1e3 : 1e-3);
  };
  const Gradients one = accumulate_gradients(model, 12, 1, loss);
  for (const int threads : {2, 3, 5}) {
    EXPECT_TRUE(equal_parameters(one, accumulate_gradients(model, 12, threads, loss))) << threads;
  }
  EXPECT_GT(one.front().abs().sum().item<double>(), 0);
}

TEST(AccumulateGradients, UnusedParametersGetZeros) {
  const model::Model model = tiny_model();
  const at::Tensor& norm = model.parameter("norm");
  const Gradients gradients =
      accumulate_gradients(model, 2, 2, [&](int64_t i) { return norm.sum() * static_cast<double>(i + 1); });
  for (size_t p = 0; p < gradients.size(); ++p) {
    const double expected = model.parameters()[p].name == "norm" ? 3.0 : 0.0;
    EXPECT_TRUE(at::all(gradients[p] == expected).item<bool>()) << model.parameters()[p].name;
  }
  EXPECT_EQ(accumulate_gradients(model, 0, 2, [](int64_t) { return at::Tensor(); }).size(), gradients.size());
}

TEST(AccumulateGradients, AFailureEndsAllWorkers) {
  const model::Model model = tiny_model();
  const auto loss = [&](int64_t i) -> at::Tensor {
    if (i == 0) throw InputError("batch 0", "is broken");
    return model.parameter("norm").sum();
  };
  EXPECT_THROW(accumulate_gradients(model, 100, 3, loss), InputError);
}

}  // namespace
}  // namespace aha::train
