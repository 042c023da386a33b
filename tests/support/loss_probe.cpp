// Losses and advantages as another program can compare them.
//
//   loss_probe CASES.json RESULTS.json
//
// CASES: {"steps": [step…], "losses": [{"step": index, "top_entropy_quantile": share, "config": GrpoLossConfig}…],
//         "advantages": [{"values": [[…]…], "weights": […], "num_generations": n, "config": AdvantageConfig}…]}
// A step has "lengths" and "advantages" by sequence, and by token "counts" (0 or 1), "policy", "old", "sampler",
// "reference" and "entropy"; null is NaN. Weights and masks are made as a trainer makes them: over the whole step.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/objective/advantage.h"
#include "aha/objective/grpo_loss.h"

namespace aha::tests {
namespace {

using Json = nlohmann::json;
using objective::GrpoLoss;
using objective::GrpoTokens;

at::Tensor vector(const std::vector<double>& values) {
  const at::Tensor x = at::empty({std::ssize(values)}, at::kDouble);
  std::copy(values.begin(), values.end(), x.mutable_data_ptr<double>());
  return x;
}

at::Tensor vector(const Json& json) {
  std::vector<double> values;
  for (const Json& value : json) values.push_back(value.is_null() ? std::nan("") : value.get<double>());
  return vector(values);
}

std::vector<double> numbers(const at::Tensor& x) {
  if (!x.defined()) return {};
  return {x.const_data_ptr<double>(), x.const_data_ptr<double>() + x.numel()};
}

template <class Config>
Config config_of(const Json& json) {
  Config config;
  ConfigErrors errors;
  read_config(ConfigTree::from_json(json), "config", config, errors);
  errors.throw_if_any();
  return config;
}

GrpoTokens tokens_of(const Json& step, const std::string& loss_type, double top_entropy_quantile) {
  GrpoTokens tokens{.policy_T = vector(step.at("policy")).requires_grad_(),
                    .old_T = vector(step.at("old")),
                    .sampler_T = vector(step.at("sampler")),
                    .reference_T = vector(step.at("reference")),
                    .entropy_T = vector(step.at("entropy")).requires_grad_(),
                    .offsets = {0}};
  const at::Tensor counts_T = vector(step.at("counts"));
  std::vector<int64_t> counted;  // tokens of each sequence
  for (const int64_t length : step.at("lengths")) {
    counted.push_back(counts_T.narrow(0, tokens.offsets.back(), length).sum().item<int64_t>());
    tokens.offsets.push_back(tokens.offsets.back() + length);
  }
  const auto weights = objective::sequence_weights(loss_type, counted, step.at("max_completion_length"));
  tokens.advantage_T = at::empty_like(counts_T);
  tokens.weight_T = counts_T.clone();
  for (size_t s = 0; s < weights.size(); ++s) {
    const int64_t begin = tokens.offsets[s], length = tokens.offsets[s + 1] - begin;
    tokens.advantage_T.narrow(0, begin, length).fill_(step.at("advantages")[s].get<double>());
    tokens.weight_T.narrow(0, begin, length).mul_(weights[s]);
  }

  // Quantiles are over the tokens that count.
  const at::Tensor is_counted = counts_T.to(at::kBool);
  tokens.mask_T = counts_T.clone();
  tokens.mask_T.masked_scatter_(
      is_counted,
      objective::top_entropy_mask(tokens.entropy_T.detach().masked_select(is_counted), top_entropy_quantile));
  tokens.entropy_weight_T = tokens.mask_T / tokens.mask_T.sum().clamp_min(1);
  return tokens;
}

Json loss_of(const Json& given, const Json& steps) {
  const auto config = config_of<objective::GrpoLossConfig>(given.at("config"));
  const GrpoTokens tokens =
      tokens_of(steps.at(given.at("step").get<size_t>()), config.loss_type, given.at("top_entropy_quantile"));
  const GrpoLoss loss = objective::grpo_loss(tokens, config);
  loss.total.backward();
  return {{"total", loss.total.item<double>()},
          {"policy_gradient", numbers(tokens.policy_T.grad())},
          {"entropy_gradient", numbers(tokens.entropy_T.grad())},
          {"kl_sum", loss.kl_sum},
          {"clip_low_sum", loss.clip_low_sum},
          {"clip_high_sum", loss.clip_high_sum},
          {"cispo_clip_sum", loss.cispo_clip_sum},
          {"logp_difference_sum", loss.logp_difference_sum},
          {"logp_difference_max", loss.logp_difference_max},
          {"correction_sum", loss.correction_sum},
          {"correction_min", loss.correction_min},
          {"correction_max", loss.correction_max},
          {"num_tokens", loss.num_tokens}};
}

Json advantages_of(const Json& given) {
  const Json& rows = given.at("values");
  objective::Rewards rewards{.weight_R = given.at("weights")};
  rewards.value_NR = at::empty({std::ssize(rows), std::ssize(rewards.weight_R)}, at::kDouble);
  for (int64_t i = 0; i < std::ssize(rows); ++i) rewards.value_NR[i].copy_(vector(rows[static_cast<size_t>(i)]));
  return numbers(objective::advantages(rewards, given.at("num_generations"),
                                       config_of<objective::AdvantageConfig>(given.at("config"))));
}

void probe(const char* cases_file, const char* results_file) {
  const Json cases = Json::parse(std::ifstream(cases_file));
  Json results{{"losses", Json::array()}, {"advantages", Json::array()}};
  for (const Json& given : cases.at("losses")) results["losses"].push_back(loss_of(given, cases.at("steps")));
  for (const Json& given : cases.at("advantages")) results["advantages"].push_back(advantages_of(given));
  std::ofstream(results_file) << results;
}

}  // namespace
}  // namespace aha::tests

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "loss_probe CASES.json RESULTS.json\n");
    return 2;
  }
  try {
    aha::tests::probe(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "loss_probe: %s\n", error.what());
    return 1;
  }
  return 0;
}
