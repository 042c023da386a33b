// AdamW and Muon against torch's in float64, averages by hand, and what must not change their bits.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/all.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>

#include "aha/train/optimizer.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "support/tiny_model.h"
#include "train/muon_matrices.h"
#include "train/muon_update.h"
#include "unit/core/temporary_folder.h"

namespace aha::train::optimizer_test {
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

using Numbers = std::vector<double>;

// torch.optim.Muon (torch 2.11) in float64, its rounding to bfloat16 taken out: lr 0.1, weight_decay 0.5, momentum
// 0.95, adjust_lr_fn match_rms_adamw, value (1 … 6) / 10, these two gradients.
TEST(Muon, EqualsTorchOverTwoSteps) {
  const struct {
    int64_t rows, cols;
    Numbers after_one, after_two;
  } cases[] = {{2,
                3,
                {0.08294468744933459, 0.1892934774820868, 0.2537974918718525, 0.3750365704761512, 0.4475584325582881,
                 0.5625833967263354},
                {0.04525603209163154, 0.1830648462986307, 0.2254582859943953, 0.3621024734082146, 0.4047283872653656,
                 0.5219053454079147}},
               {3,
                2,
                {0.09624829327465678, 0.2236425644875256, 0.2700060607678315, 0.3706305904719306, 0.4531332377890756,
                 0.5727671679516586},
                {0.07607953587651177, 0.2230386732134023, 0.2429828192157822, 0.3709890761581746, 0.4131102230651221,
                 0.5250612044968932}}};
  for (const auto& [rows, cols, after_one, after_two] : cases) {
    SCOPED_TRACE(rows);
    Numbers value = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, momentum(6, 0.0);
    const MuonFactors factors{.gradient_scale = 1, .momentum = 0.95, .rate = 0.1, .shrink = 0.95};
    for (const auto& [gradient, after] :
         {std::pair(Numbers{1, -2, 3, 0, 5, -1}, after_one), std::pair(Numbers{2, 1, 0, -1, 3, 4}, after_two)}) {
      muon_update(MuonMatrix<double>{value.data(), gradient.data(), momentum.data(), rows, cols}, factors);
      for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(value[i], after[i], 1e-13) << i;
    }
  }
}

TEST(Muon, FiveStepsByHandOnADiagonal) {
  // Singular values 3 and 4, so a norm of 5: each goes its own way, s -> 3.4445 s - 4.775 s^3 + 2.0315 s^5.
  Numbers x = {3, 0, 0, 4};
  make_orthogonal(x.data(), 2, 2);
  for (const auto& [index, start] : {std::pair(size_t{0}, 0.6), std::pair(size_t{3}, 0.8)}) {
    double s = start;
    for (int step = 0; step < 5; ++step) s = 3.4445 * s - 4.775 * s * s * s + 2.0315 * s * s * s * s * s;
    EXPECT_NEAR(x[index], s, 1e-12);
    EXPECT_NEAR(s, 1, 0.3);
  }
  EXPECT_EQ(x[1], 0);
  Numbers nothing(6, 0.0);
  make_orthogonal(nothing.data(), 3, 2);
  EXPECT_EQ(nothing, Numbers(6, 0.0));
}

// The update of one matrix in plain tensor operations.
at::Tensor orthogonal(const at::Tensor& u) {
  at::Tensor x = u / u.norm();
  for (int step = 0; step < 5; ++step) {
    const at::Tensor gram = at::matmul(x, x.t());
    x = 3.4445 * x - 4.775 * at::matmul(gram, x) + 2.0315 * at::matmul(gram, at::matmul(gram, x));
  }
  return x;
}

/// Muon of whole models by names and shapes alone, and torch's AdamW for what is left.
class MuonYardstick {
 public:
  MuonYardstick(const model::Model& model, const OptimizerConfig& config, double rate)
      : model_(model), config_(config), rate_(rate), rest_(model, config, rate) {
    for (const auto& parameter : model.parameters()) {
      values_.push_back(parameter.tensor.detach().clone());
      momenta_.push_back(at::zeros_like(values_.back()));
    }
  }

  void step(const Gradients& gradients) {
    const double norm = rest_.step(gradients);
    const double clip = std::min(1.0, config_.max_grad_norm / (norm + 1e-6));
    for (size_t p = 0; p < values_.size(); ++p) {
      const std::string& name = model_.parameters()[p].name;
      const bool is_inside = name.rfind("layers.", 0) == 0 && values_[p].dim() >= 2;
      is_inside ? update(values_[p], momenta_[p], gradients[p] * clip, name)
                : (void)values_[p].copy_(rest_.values()[p]);
    }
  }

  const std::vector<at::Tensor>& values() const { return values_; }

 private:
  void update(const at::Tensor& value, const at::Tensor& momentum, const at::Tensor& gradient,
              const std::string& name) {
    if (value.dim() == 3) {
      for (int64_t e = 0; e < value.size(0); ++e) update(value[e], momentum[e], gradient[e], name);
    } else if (name.find("gate_up") != std::string::npos) {
      for (int half = 0; half < 2; ++half) {
        update(value.chunk(2)[half], momentum.chunk(2)[half], gradient.chunk(2)[half], "");
      }
    } else {
      momentum.mul_(0.9).add_(gradient, 0.1);
      const double larger = static_cast<double>(std::max(value.size(0), value.size(1)));
      const double rate = rate_ * config_.muon_lr_ratio;
      value.mul_(1 - rate * config_.weight_decay);
      value.sub_(orthogonal(0.1 * gradient + 0.9 * momentum) * (rate * 0.2 * std::sqrt(larger)));
    }
  }

  const model::Model& model_;
  const OptimizerConfig config_;
  const double rate_;
  Yardstick rest_;
  std::vector<at::Tensor> values_, momenta_;
};

const OptimizerConfig kMuon{
    .optim = "muon", .weight_decay = 0.1, .max_grad_norm = 20.0, .muon_momentum = 0.9, .muon_lr_ratio = 3.0};

TEST(Muon, EqualsAPlainImplementationOnAWholeModel) {
  model::Model model = tiny_model({.with_mtp = true, .with_query_latent = true}, at::kDouble);
  MuonYardstick yardstick(model, kMuon, 1e-2);
  Optimizer optimizer(model, kMuon);
  for (int step = 0; step < 6; ++step) {
    Gradients gradients = random_gradients(model, step);
    for (auto& gradient : gradients) gradient *= step % 3 == 0 ? 5.0 : 0.01;  // clipped and not
    yardstick.step(gradients);
    optimizer.step(model, gradients, 1e-2, 2);
  }
  EXPECT_LE(test::relative_difference(copy_of_parameters(model), yardstick.values()), 1e-10);
}

TEST(Muon, AStackOfExpertsIsAMatrixForEachGateUpAndDown) {
  const model::Model model = tiny_model();
  std::map<std::string, std::vector<std::array<int64_t, 2>>> shapes;
  for (const auto& [p, start, rows, cols] : muon_matrices(model.parameters())) {
    shapes[model.parameters()[p].name].push_back({rows, cols});
  }
  using Shapes = std::vector<std::array<int64_t, 2>>;
  EXPECT_EQ(shapes.at("layers.1.mlp.experts.gate_up"), Shapes(8, {8, 16}));  // 4 experts
  EXPECT_EQ(shapes.at("layers.1.mlp.experts.down"), Shapes(4, {16, 8}));
  EXPECT_EQ(shapes.at("layers.0.mlp.gate_up"), Shapes(2, {24, 16}));
  EXPECT_EQ(shapes.at("layers.1.mlp.router"), Shapes(1, {4, 16}));
  for (const char* name : {"embed_tokens", "lm_head", "norm", "layers.0.input_layernorm"}) {
    EXPECT_FALSE(shapes.contains(name)) << name;
  }
}

TEST(Muon, BitsDoNotDependOnThreads) {
  std::vector<std::vector<at::Tensor>> results;
  for (const int threads : {1, 2, 3}) {
    model::Model model = tiny_model();
    Optimizer optimizer(model, kMuon);
    for (int step = 0; step < 3; ++step) optimizer.step(model, random_gradients(model, step), 1e-2, threads);
    results.push_back(copy_of_parameters(model));
  }
  EXPECT_TRUE(equal_parameters(results[0], results[1]));
  EXPECT_TRUE(equal_parameters(results[0], results[2]));
}

TEST(Muon, RefusesAdapters) {
  model::Model model = tiny_model();
  model.add_lora({.r = 2}, 1);
  EXPECT_THROW(Optimizer(model, kMuon), ConfigError);
}

TEST(Average, IsTheDecayedMeanOverTheSteps) {
  model::Model model = tiny_model({}, at::kDouble);
  Optimizer optimizer(model, {.ema_decay = 0.5});
  const auto start = copy_of_parameters(model);
  optimizer.swap_average(model);
  EXPECT_TRUE(equal_parameters(start, copy_of_parameters(model)));  // no step yet
  optimizer.swap_average(model);

  std::vector<std::vector<at::Tensor>> after;
  for (int step = 0; step < 3; ++step) {
    optimizer.step(model, random_gradients(model, step), 1e-2);
    after.push_back(copy_of_parameters(model));
    const AverageScope average(optimizer, model);
    if (step == 0) {
      EXPECT_TRUE(equal_parameters(after[0], copy_of_parameters(model)));
    }
    if (step < 2) continue;
    std::vector<at::Tensor> expected;  // weights 1/4, 1/2 and 1, over their sum
    for (size_t p = 0; p < start.size(); ++p) {
      expected.push_back((after[0][p] + 2 * after[1][p] + 4 * after[2][p]) / 7);
    }
    EXPECT_LE(test::relative_difference(copy_of_parameters(model), expected), 1e-15);
  }
  EXPECT_TRUE(equal_parameters(after.back(), copy_of_parameters(model)));
}

TEST(Average, ChangesNoStep) {
  model::Model plain = tiny_model(), averaged = tiny_model();
  Optimizer plain_optimizer(plain, {}), optimizer(averaged, {.ema_decay = 0.9});
  for (int step = 0; step < 3; ++step) {
    plain_optimizer.step(plain, random_gradients(plain, step), 1e-2);
    optimizer.step(averaged, random_gradients(plain, step), 1e-2, 2);
  }
  EXPECT_TRUE(equal_parameters(copy_of_parameters(plain), copy_of_parameters(averaged)));
  const AverageScope nothing(plain_optimizer, plain);  // without ema_decay
  EXPECT_TRUE(equal_parameters(copy_of_parameters(plain), copy_of_parameters(averaged)));
}

TEST(Average, IsNeitherTrainedNorSavedAsTheModel) {
  const TemporaryFolder folder;
  model::Model model = tiny_model();
  Optimizer optimizer(model, {.ema_decay = 0.9});
  const AverageScope average(optimizer, model);
  EXPECT_THROW(optimizer.step(model, random_gradients(model, 1), 1e-2), ShapeError);
  EXPECT_THROW(optimizer.save(model, folder.path()), ShapeError);
}

TEST(Optimizer, GoesOnAfterLoadingWithTheSameBits) {
  OptimizerConfig averaged = kMuon;
  averaged.ema_decay = 0.9;
  for (const OptimizerConfig& config : {OptimizerConfig{.weight_decay = 0.1}, kMuon, averaged}) {
    SCOPED_TRACE(config.optim);
    const TemporaryFolder folder;
    model::Model model = tiny_model();
    Optimizer optimizer(model, config);
    for (int step = 0; step < 3; ++step) optimizer.step(model, random_gradients(model, step), 1e-2);
    optimizer.save(model, folder.path());
    const std::string bytes = read_file(folder / "optimizer.safetensors");

    model::Model again = model.clone();
    Optimizer resumed(again, config);
    resumed.load(again, folder.path());
    EXPECT_EQ(resumed.steps_done(), 3);
    resumed.save(again, folder.path());
    EXPECT_EQ(read_file(folder / "optimizer.safetensors"), bytes);
    for (int step = 3; step < 6; ++step) {
      optimizer.step(model, random_gradients(model, step), 1e-2);
      resumed.step(again, random_gradients(model, step), 1e-2);
    }
    EXPECT_TRUE(equal_parameters(copy_of_parameters(model), copy_of_parameters(again)));
    const AverageScope average(optimizer, model), average_again(resumed, again);
    EXPECT_TRUE(equal_parameters(copy_of_parameters(model), copy_of_parameters(again)));
  }
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
}  // namespace aha::train::optimizer_test
