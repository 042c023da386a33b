// aha inspect: what a model folder or a run folder holds.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <memory>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/model/model.h"
#include "aha/pipeline/run.h"
#include "verbs/model_options.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct InspectArguments {
  std::filesystem::path folder;
  ModelOptions common;
};

std::string shape_text(const torch::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.sizes().begin(), tensor.sizes().end(), ", "));
}

ordered_json tensor_json(const model::NamedTensor& named, bool is_trained) {
  return {{"name", named.name},
          {"shape", std::vector<int64_t>(named.tensor.sizes().begin(), named.tensor.sizes().end())},
          {"trained", is_trained}};
}

void inspect_model(const InspectArguments& arguments) {
  const model::Model model = model::load(arguments.folder, arguments.common.load());
  const auto tokenizer = find_tokenizer(arguments.folder);
  const model::ModelConfig& config = model.config();
  ordered_json facts = {{"folder", arguments.folder.string()},
                        {"parameters", config.num_parameters()},
                        {"active_parameters", config.num_active_parameters()},
                        {"tokenizer_ids", tokenizer ? ordered_json(tokenizer->vocab_size()) : ordered_json()},
                        {"config", model::model_config_json(config)},
                        {"tensors", ordered_json::array()}};
  for (const model::NamedTensor& named : model.parameters()) facts["tensors"].push_back(tensor_json(named, true));
  for (const model::NamedTensor& named : model.buffers()) facts["tensors"].push_back(tensor_json(named, false));
  if (arguments.common.json) {
    std::printf("%s\n", facts.dump().c_str());
    return;
  }
  fmt::print("{} ({})\nparameters {}, active per token {}\n", arguments.folder.string(), config.model_type,
             config.num_parameters(), config.num_active_parameters());
  fmt::print("{}\n\n{}\n", tokenizer ? fmt::format("tokenizer of {} ids", tokenizer->vocab_size()) : "no tokenizer",
             facts["config"].dump(2));
  for (const auto* list : {&model.parameters(), &model.buffers()}) {
    for (const model::NamedTensor& named : *list) fmt::print("{:<52} {}\n", named.name, shape_text(named.tensor));
  }
}

void inspect_run(const InspectArguments& arguments) {
  const ordered_json lineage = ordered_json::parse(read_file(arguments.folder / "lineage.json"), nullptr, false);
  if (!lineage.is_object() || !lineage.contains("stages")) {
    throw InputError((arguments.folder / "lineage.json").string(), "is damaged; run the recipe again");
  }
  if (arguments.common.json) {
    std::printf("%s\n", lineage.dump().c_str());
    return;
  }
  for (const ordered_json& stage : lineage["stages"]) {
    std::string from;
    for (const ordered_json& input : stage["inputs"])
      from += (from.empty() ? "  <- " : ", ") + input.get<std::string>();
    fmt::print("{:<24} {:<20} {:<8}{}\n", stage.value("folder", ""), stage.value("kind", ""), stage.value("status", ""),
               from);
  }
  fmt::print("\n{}", pipeline::stage_table(arguments.folder));
}

void inspect(const InspectArguments& arguments) {
  std::error_code error;
  if (!std::filesystem::is_directory(arguments.folder, error)) {
    throw InputError(arguments.folder.string(), "is no folder; give a model folder or a run folder");
  }
  const bool is_run = std::filesystem::exists(arguments.folder / "lineage.json", error);
  is_run ? inspect_run(arguments) : inspect_model(arguments);
}

}  // namespace

void add_inspect(CLI::App& program) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* verb = program.add_subcommand("inspect", "Show what a model folder or a run folder holds");
  verb->add_option("folder", arguments->folder, "model folder or run folder")->required();
  add_model_options(*verb, arguments->common);
  verb->footer("Example:\n  aha inspect runs/smoke/02-zero/model");
  verb->callback([arguments] { inspect(*arguments); });
}

}  // namespace aha::tools
