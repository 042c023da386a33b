// Makes, copies and balances models; the computation is in forward.cpp, adapters in lora.cpp.
#include "aha/model/model.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/core/random.h"
#include "aha/ops/token_logprob.h"
#include "model/layout.h"
#include "model/projection.h"
#include "model/reward_model.h"
#include "model/state.h"

namespace aha::model {
namespace {

using at::Tensor;

void fill_fresh(const TensorSpec& spec, const ModelConfig& config, uint64_t seed, Tensor tensor) {
  if (spec.starts_at != TensorStart::kRandom) {
    tensor.fill_(spec.starts_at == TensorStart::kOne ? 1 : 0);
    return;
  }
  Random random(seed, "init/" + spec.name);
  Tensor drawn = at::empty(spec.shape, at::kDouble);
  double* values = drawn.data_ptr<double>();
  for (int64_t i = 0; i < drawn.numel(); ++i) values[i] = config.initializer_range * random.normal();
  tensor.copy_(drawn);
}

const Tensor* find_named(const std::vector<NamedTensor>& tensors, std::string_view name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const auto& item) { return item.name == name; });
  return found == tensors.end() ? nullptr : &found->tensor;
}

/// The one of the first list that has it. @throws ShapeError
const Tensor& find_named(std::initializer_list<const std::vector<NamedTensor>*> lists, std::string_view name) {
  for (const auto* list : lists) {
    if (const Tensor* tensor = find_named(*list, name)) return *tensor;
  }
  throw ShapeError("the model has no tensor named " + std::string(name));
}

std::vector<NamedTensor> copies(const std::vector<NamedTensor>& tensors) {
  std::vector<NamedTensor> out;
  for (const NamedTensor& item : tensors) out.push_back({item.name, item.tensor.detach().clone()});
  return out;
}

void mix_into(const std::vector<NamedTensor>& into, const std::vector<NamedTensor>& from, double mix) {
  AHA_CHECK(into.size() == from.size(), "models of different configs or adapters");
  for (size_t i = 0; i < into.size(); ++i) {
    AHA_CHECK(into[i].name == from[i].name && into[i].tensor.sizes() == from[i].tensor.sizes(), into[i].name);
    Tensor target = into[i].tensor;
    if (mix == 1.0) {
      target.copy_(from[i].tensor);
    } else {
      target.mul_(1 - mix).add_(from[i].tensor, mix);
    }
  }
}

}  // namespace

void Model::State::arrange() {
  const bool is_trainable = dtype != at::kBFloat16, has_adapters = !adapters.empty();
  for (NamedTensor& weight : weights) weight.tensor.set_requires_grad(is_trainable && !has_adapters);
  for (NamedTensor& adapter : adapters) adapter.tensor.set_requires_grad(is_trainable);
  parameters.clear();
  if (is_trainable) parameters = has_adapters ? adapters : weights;

  TensorsByName by_name;
  for (const auto* list : {&weights, &adapters, &buffers}) {
    for (const NamedTensor& item : *list) by_name.emplace(item.name, item.tensor);
  }
  places = arrange_weights(by_name, config, lora);
}

PackedTokens pack_tokens(const std::vector<const std::vector<int32_t>*>& sequences) {
  PackedTokens packed;
  packed.offsets = {0};
  for (const auto* sequence : sequences) packed.offsets.push_back(packed.offsets.back() + std::ssize(*sequence));
  packed.token_T = at::empty({packed.offsets.back()}, at::kLong);
  int64_t* token = packed.token_T.data_ptr<int64_t>();
  for (const auto* sequence : sequences) token = std::copy(sequence->begin(), sequence->end(), token);
  return packed;
}

Model::Model() : state_(std::make_unique<State>()) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::make_empty(const ModelConfig& config, at::ScalarType dtype) {
  const at::NoGradGuard no_grad;
  Model model;
  State& state = *model.state_;
  state.config = config;
  state.dtype = dtype;
  for (const TensorSpec& spec : parameter_layout(config)) {
    state.weights.push_back({spec.name, at::empty(spec.shape, dtype)});
  }
  for (const TensorSpec& spec : buffer_layout(config)) {
    state.buffers.push_back({spec.name, at::zeros(spec.shape, at::kFloat)});
  }
  state.arrange();
  return model;
}

Model Model::make(const ModelConfig& config, uint64_t seed, at::ScalarType dtype) {
  AHA_CHECK(dtype == at::kFloat || dtype == at::kDouble || dtype == at::kBFloat16,
            "models are float32, float64 or bfloat16");
  const at::NoGradGuard no_grad;
  Model model = make_empty(config, dtype);
  const std::vector<TensorSpec> specs = parameter_layout(config);
  for (size_t i = 0; i < specs.size(); ++i) fill_fresh(specs[i], config, seed, model.state_->weights[i].tensor);
  return model;
}

Model Model::clone() const {
  const at::NoGradGuard no_grad;
  Model copy;
  State& state = *copy.state_;
  state.config = state_->config;
  state.dtype = state_->dtype;
  state.lora = state_->lora;
  state.weights = copies(state_->weights);
  state.adapters = copies(state_->adapters);
  state.buffers = copies(state_->buffers);
  state.arrange();
  return copy;
}

Model Model::as_reward_model(uint64_t seed) const {
  AHA_CHECK(!state_->lora, "merge the adapters before the output head is replaced");
  const at::NoGradGuard no_grad;
  ModelConfig config = state_->config;
  config.is_reward_model = true;
  config.num_nextn_predict_layers = 0;
  Model judge = make_empty(config, state_->dtype);
  const std::vector<TensorSpec> specs = parameter_layout(config);
  for (size_t i = 0; i < specs.size(); ++i) {
    Tensor& weight = judge.state_->weights[i].tensor;
    if (const Tensor* own = find_named(state_->weights, specs[i].name)) {
      weight.copy_(*own);
    } else {
      fill_fresh(specs[i], config, seed, weight);
    }
  }
  for (NamedTensor& item : judge.state_->buffers) item.tensor.copy_(buffer(item.name));
  return judge;
}

const ModelConfig& Model::config() const { return state_->config; }
at::ScalarType Model::dtype() const { return state_->dtype; }
const std::vector<NamedTensor>& Model::parameters() const { return state_->parameters; }
const std::vector<NamedTensor>& Model::buffers() const { return state_->buffers; }
const std::vector<NamedTensor>& Model::weights() const { return state_->weights; }
const Tensor& Model::parameter(std::string_view name) const {
  return find_named({&state_->weights, &state_->adapters}, name);
}
const Tensor& Model::buffer(std::string_view name) const { return find_named({&state_->buffers}, name); }

void Model::copy_from(const Model& other, double mix) {
  const at::NoGradGuard no_grad;
  mix_into(state_->weights, other.state_->weights, mix);
  mix_into(state_->adapters, other.state_->adapters, mix);
  mix_into(state_->buffers, other.state_->buffers, mix);
}

TokenScores Model::score(const Tensor& hidden_TD, const Tensor& target_T, double temperature,
                         ops::NumberType products) const {
  check_has_output_head(config());
  ops::TokenLogprob scores = ops::token_logprob(hidden_TD, wide(state_->places.head), target_T, temperature, products);
  return {std::move(scores.logprob_T), std::move(scores.entropy_T)};
}

void update_expert_bias(Model& model, const std::vector<Tensor>& counts, double rate) {
  const at::NoGradGuard no_grad;
  const std::vector<NamedTensor>& biases = model.buffers();
  if (!model.config().has_expert_bias()) return;
  const bool has_mtp = model.config().num_nextn_predict_layers > 0;
  AHA_CHECK(counts.size() == biases.size() || (has_mtp && counts.size() + 1 == biases.size()),
            "one count per MoE layer is needed; the MTP layer's, the last, may be left out");
  for (size_t i = 0; i < counts.size(); ++i) {
    Tensor bias_E = biases[i].tensor;
    const Tensor count_E = counts[i].to(at::kDouble);
    const Tensor change_E = rate * at::sign(count_E.mean() - count_E);
    bias_E.add_((change_E - change_E.mean()).to(at::kFloat));
  }
}

}  // namespace aha::model
