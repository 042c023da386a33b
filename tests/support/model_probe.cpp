// A model folder as other programs can compare it: logits or rewards, gradients under Hugging Face names, a copy saved
// again.
//
//   model_probe FOLDER [--dtype D] [--input ids.jsonl [--logits FILE] [--gradients FILE] [--rewards FILE]]
//                      [--resave FOLDER [--save-dtype D] [--max-shard-bytes N]]
//
// Logits of line i are the tensor "i" [T, V], a reward model's judgements of all lines the tensor "rewards"; all lines
// run packed. Gradients are those of the mean negative
// log-probability of every token after the first, over all lines.

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/data/jsonl.h"
#include "aha/model/model.h"
#include "aha/model/safetensors.h"
#include "model/hf_names.h"

namespace aha::tests {
namespace {

struct ProbeArguments {
  std::filesystem::path model, input, logits, gradients, rewards, resaved;
  model::LoadOptions load;
  model::SaveOptions save;
};

std::vector<std::vector<int32_t>> read_ids(const std::filesystem::path& path) {
  std::vector<std::vector<int32_t>> lines;
  data::read_jsonl(path, [&](int64_t, const nlohmann::json& row) { lines.push_back(row.at("input_ids")); });
  return lines;
}

model::PackedTokens pack(const std::vector<std::vector<int32_t>>& lines) {
  std::vector<const std::vector<int32_t>*> pointers;
  for (const auto& line : lines) pointers.push_back(&line);
  return model::pack_tokens(pointers);
}

void write_logits(const model::Model& model, const model::PackedTokens& tokens, const std::filesystem::path& path) {
  const at::NoGradGuard no_grad;
  const at::Tensor logits_TV = model.logits(tokens);
  std::vector<model::NamedTensor> lines;
  for (size_t i = 0; i + 1 < tokens.offsets.size(); ++i) {
    const int64_t begin = tokens.offsets[i], end = tokens.offsets[i + 1];
    lines.push_back({std::to_string(i), logits_TV.narrow(0, begin, end - begin).to(at::kFloat).contiguous()});
  }
  model::write_safetensors(path, lines);
}

void write_rewards(const model::Model& model, const model::PackedTokens& tokens, const std::filesystem::path& path) {
  const at::NoGradGuard no_grad;
  model::write_safetensors(path, {{"rewards", model.rewards(model.forward(tokens).hidden_TD, tokens)}});
}

// Rows that predict a token of their own sequence, and these tokens.
std::pair<at::Tensor, at::Tensor> predictions(const model::PackedTokens& tokens) {
  std::vector<int64_t> rows;
  for (size_t i = 0; i + 1 < tokens.offsets.size(); ++i) {
    for (int64_t t = tokens.offsets[i]; t + 1 < tokens.offsets[i + 1]; ++t) rows.push_back(t);
  }
  const at::Tensor row_N = torch::tensor(rows);
  return {row_N, tokens.token_T.index_select(0, row_N + 1)};
}

// Through Model::score, as training takes it.
void write_gradients(const model::Model& model, const model::PackedTokens& tokens, const std::filesystem::path& path) {
  const auto [row_N, target_N] = predictions(tokens);
  const at::Tensor hidden_ND = model.forward(tokens).hidden_TD.index_select(0, row_N);
  const at::Tensor loss = -model.score(hidden_ND, target_N).logprob_T.mean();
  std::vector<at::Tensor> weights;
  for (const model::NamedTensor& weight : model.weights()) weights.push_back(weight.tensor);
  const auto found = torch::autograd::grad({loss}, weights, {}, {}, false, /*allow_unused=*/true);
  std::vector<model::NamedTensor> gradients;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i].defined()) gradients.push_back({model.weights()[i].name, found[i].contiguous()});
  }
  std::vector<model::NamedTensor> named;
  for (const model::NamedTensor& view : model::hf_views(gradients, model.config())) {
    named.push_back({view.name, view.tensor.contiguous()});
  }
  model::write_safetensors(path, named);
}

void probe(const ProbeArguments& arguments) {
  const model::Model model = model::load(arguments.model, arguments.load);
  if (!arguments.input.empty()) {
    const model::PackedTokens tokens = pack(read_ids(arguments.input));
    if (!arguments.logits.empty()) write_logits(model, tokens, arguments.logits);
    if (!arguments.rewards.empty()) write_rewards(model, tokens, arguments.rewards);
    if (!arguments.gradients.empty()) write_gradients(model, tokens, arguments.gradients);
  }
  if (!arguments.resaved.empty()) {
    std::filesystem::create_directories(arguments.resaved);
    model.save(arguments.resaved, arguments.save);
  }
}

int run(int argc, char** argv) {
  ProbeArguments arguments;
  CLI::App program("A model folder, for comparisons");
  program.add_option("model", arguments.model)->required();
  program.add_option("--dtype", arguments.load.dtype);
  program.add_option("--input", arguments.input);
  program.add_option("--logits", arguments.logits);
  program.add_option("--gradients", arguments.gradients);
  program.add_option("--rewards", arguments.rewards);
  program.add_option("--resave", arguments.resaved);
  program.add_option("--save-dtype", arguments.save.dtype);
  program.add_option("--max-shard-bytes", arguments.save.max_shard_bytes);
  CLI11_PARSE(program, argc, argv);
  try {
    probe(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "model_probe: %s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace aha::tests

int main(int argc, char** argv) { return aha::tests::run(argc, argv); }
