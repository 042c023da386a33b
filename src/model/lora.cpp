// Adapters of a model: made, and merged.
#include "aha/model/lora.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "aha/core/error.h"
#include "aha/core/random.h"
#include "aha/model/model.h"
#include "model/lora_layout.h"
#include "model/merged_weights.h"
#include "model/state.h"

namespace aha::model {
namespace {

using at::Tensor;

// Uniform within 1/sqrt(in): what PEFT's Kaiming initialisation with a = sqrt(5) comes to.
Tensor fresh_a(const AdapterSpec& spec, int64_t rank, uint64_t seed) {
  Random random(seed, "lora/" + spec.name);
  Tensor a = at::empty({rank, spec.in}, at::kDouble);
  const double bound = 1 / std::sqrt(static_cast<double>(spec.in));
  double* values = a.data_ptr<double>();
  for (int64_t i = 0; i < a.numel(); ++i) values[i] = bound * (2 * random.uniform() - 1);
  return a;
}

void check_lora(const LoraConfig& lora, const ModelConfig& config) {
  if (lora.r < 1 || lora.r > kMaxLoraRank) {
    throw ConfigError("lora.r",
                      "is " + std::to_string(lora.r) + ", but must be between 1 and " + std::to_string(kMaxLoraRank));
  }
  if (!(lora.alpha > 0) || !std::isfinite(lora.alpha)) throw ConfigError("lora.alpha", "must be above 0");
  if (const auto fault = target_fault(config, lora)) throw ConfigError("lora.target_modules", *fault);
}

}  // namespace

void Model::add_lora(const LoraConfig& config, uint64_t seed) {
  AHA_CHECK(!state_->lora, "the model has adapters already; merge them first");
  if (state_->dtype == at::kBFloat16) {
    throw ConfigError("dtype", "is bfloat16, which is for reading only; adapters train beside float32 weights");
  }
  if (state_->config.is_reward_model) {
    throw ConfigError("lora", "does not go with a reward model, whose score head adapters leave as it is");
  }
  check_lora(config, state_->config);
  const at::NoGradGuard no_grad;
  std::vector<NamedTensor> adapters;
  for (const AdapterSpec& spec : adapter_layout(state_->config, config)) {
    adapters.push_back({spec.a(), fresh_a(spec, config.r, seed).to(state_->dtype)});
    adapters.push_back({spec.b(), at::zeros({spec.out, config.r}, state_->dtype)});
  }
  state_->adapters = std::move(adapters);
  state_->lora = config;
  state_->arrange();
}

const std::optional<LoraConfig>& Model::lora() const { return state_->lora; }

void Model::merge_lora() {
  AHA_CHECK(state_->lora, "the model has no adapters to merge");
  const at::NoGradGuard no_grad;
  const MergedWeights merged(*this);
  for (NamedTensor& weight : state_->weights) {
    if (merged.has_adapter(weight.name)) weight.tensor.copy_(merged(weight.name));
  }
  state_->lora.reset();
  state_->adapters.clear();
  state_->arrange();
}

}  // namespace aha::model
