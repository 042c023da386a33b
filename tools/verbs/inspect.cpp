// aha inspect: what a model folder or a run folder holds.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/pipeline/run.h"
#include "verbs/model_facts.h"
#include "verbs/model_options.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct InspectArguments {
  std::filesystem::path folder;
  int64_t cache_tokens = 4096;
  ModelOptions common;
};

void inspect_model(const InspectArguments& arguments) {
  const ordered_json facts = model_facts(arguments.folder, arguments.cache_tokens, arguments.common.dtype);
  const std::string text = arguments.common.json ? facts.dump() + "\n" : model_facts_text(facts);
  std::fputs(text.c_str(), stdout);
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

void add_inspect(Command program) {
  auto arguments = std::make_shared<InspectArguments>();
  Command verb = program.add_subcommand("inspect", "Show what a model folder or a run folder holds");
  verb.add_option("folder", arguments->folder, "model folder or run folder").required();
  verb.add_option("--cache-tokens", arguments->cache_tokens, "tokens of the cache that sampling is planned with")
      .positive();
  add_model_options(verb, arguments->common);
  verb.footer(
      "A model's weights are not read: headers and config tell.\nExample:\n  aha inspect runs/smoke/02-zero/model");
  verb.callback([arguments] { inspect(*arguments); });
}

}  // namespace aha::tools
