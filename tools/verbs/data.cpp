// aha data: problems of a generator as JSON lines.
#include "aha/data/task.h"

#include <memory>

#include "verbs/json_rows.h"
#include "verbs/model_options.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct DataArguments {
  std::string task, split = "train";
  int64_t count = 1000;
  uint64_t seed = 0;
  std::filesystem::path output;
  data::TaskOptions options;
  bool json = false;
};

ordered_json row_of(const data::Example& example) {
  ordered_json row = {{"prompt", example.prompt},
                      {"answer", example.answer},
                      {"task", example.task},
                      {"difficulty", example.difficulty}};
  for (const auto& [key, value] : example.columns.items()) {
    if (!row.contains(key)) row[key] = value;
  }
  return row;
}

void make_data(const DataArguments& arguments) {
  const auto task = data::make_task(arguments.task, arguments.options);
  const data::Split split = arguments.split == "ood"        ? data::Split::kOutOfDistribution
                            : arguments.split == "held_out" ? data::Split::kHeldOut
                                                            : data::Split::kTrain;
  std::vector<ordered_json> rows;
  for (const data::Example& example : data::generate_examples(*task, split, arguments.count, arguments.seed)) {
    rows.push_back(row_of(example));
  }
  write_rows(arguments.output, rows);
}

std::string generators_and_example() {
  std::string names;
  for (const std::string& name : data::task_names()) names += " " + name;
  return "Generators:" + names + "\nExample:\n  aha data last_digit_sum --count 512 --seed 1 --output problems.jsonl";
}

}  // namespace

void add_data(Command program) {
  auto arguments = std::make_shared<DataArguments>();
  Command verb = program.add_subcommand("data", "Make problems with answers");
  verb.add_option("task", arguments->task, "generator").required();
  verb.add_option("--count", arguments->count, "problems, all different").positive();
  verb.add_option("--seed", arguments->seed, "of the problems");
  verb.add_option("--split", arguments->split, "train, held_out, or ood: one more operand")
      .one_of({"train", "held_out", "ood"});
  verb.add_option("--min-terms", arguments->options.min_terms, "fewest operands, digits or people").not_negative();
  verb.add_option("--max-terms", arguments->options.max_terms, "most operands, digits or people").not_negative();
  verb.add_option("--min-operand", arguments->options.min_operand, "smallest operand").not_negative();
  verb.add_option("--max-operand", arguments->options.max_operand, "largest operand").not_negative();
  verb.add_option("--languages", arguments->options.languages, "en, zh").delimiter(',').one_of({"en", "zh"});
  verb.add_option("--output", arguments->output, "JSON lines; default: stdout");
  verb.add_flag("--json", arguments->json, "accepted for symmetry: the output is JSON lines already");
  verb.footer(generators_and_example());
  verb.callback([arguments] { make_data(*arguments); });
}

}  // namespace aha::tools
