// aha eval: pass@1, pass@k and cons@k of models on a task.
#include <cstdio>
#include <memory>

#include "aha/core/config_fields.h"
#include "aha/core/config_tree.h"
#include "aha/core/error.h"
#include "aha/data/jsonl.h"
#include "aha/data/task.h"
#include "aha/data/template.h"
#include "aha/evaluate/evaluate.h"
#include "aha/report/progress.h"
#include "verbs/json_rows.h"
#include "verbs/model_options.h"
#include "verbs/stop_signals.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct EvalArguments {
  std::vector<std::filesystem::path> models;
  std::filesystem::path output;
  std::string task, split = "held_out", template_name = "plain";
  std::vector<std::string> rewards = {"accuracy", "format", "language_consistency"};
  std::vector<std::filesystem::path> reward_files;
  int64_t count = 512, k = 0;
  evaluate::EvaluateConfig config;
  data::TaskOptions options;
  ModelOptions common;
};

std::vector<data::Example> load_task(const EvalArguments& arguments) {
  std::error_code error;
  if (std::filesystem::exists(arguments.task, error)) {
    std::vector<data::Example> rows = data::load_examples(arguments.task);
    if (rows.empty()) throw InputError(arguments.task, "has no rows");
    return rows;
  }
  if (arguments.task.find_first_of("./") != std::string::npos) {
    throw InputError(arguments.task, "there is no such file");
  }
  const auto task = data::make_task(arguments.task, arguments.options);
  const data::Split split = arguments.split == "ood"     ? data::Split::kOutOfDistribution
                            : arguments.split == "train" ? data::Split::kTrain
                                                         : data::Split::kHeldOut;
  return data::generate_examples(*task, split, arguments.count, arguments.common.seed);
}

ordered_json evaluate_model(const std::filesystem::path& folder, const std::vector<data::Example>& examples,
                            const EvalArguments& arguments, std::stop_token stop) {
  const auto tokenizer = need_tokenizer(folder, "eval");
  const model::Model model = model::load(folder, arguments.common.load());
  rollout::Engine engine(model, tokenizer, {.num_threads = arguments.common.num_threads()});
  data::PromptBatch prompts;
  for (const data::Example& example : examples) {
    prompts.push_back(data::make_prompt(example, std::ssize(prompts), arguments.template_name, *tokenizer));
  }
  const std::string name = std::filesystem::path(arguments.task).stem().string();
  const rollout::SampleKey key{.seed = arguments.common.seed, .stage = "eval"};
  const evaluate::Evaluation found = evaluate::evaluate(engine, name, prompts, arguments.config, key, stop);
  ordered_json answer = {{"model", folder.string()}};
  answer.update(found.to_json());
  return answer;
}

void print(const ordered_json& e, bool as_json) {
  if (as_json) {
    std::printf("%s\n", e.dump().c_str());
  } else {
    const auto interval = e.at("pass@1_interval");
    std::printf("%s on %s: pass@1 %.3f (95%%: %.3f to %.3f)  pass@%d %.3f  cons@%d %.3f  length %.1f  clipped %.3f\n",
                e.at("model").get<std::string>().c_str(), e.at("task").get<std::string>().c_str(),
                e.at("pass@1").get<double>(), interval[0].get<double>(), interval[1].get<double>(),
                e.at("k").get<int>(), e.at("pass@k").get<double>(), e.at("k").get<int>(), e.at("cons@k").get<double>(),
                e.at("mean_length").get<double>(), e.at("clipped_ratio").get<double>());
  }
  std::fflush(stdout);
}

// One entry of `rewards:`, with its options.
reward::RewardConfig reward_from(const std::filesystem::path& file) {
  const ConfigTree tree = ConfigTree::parse_yaml_file(file);
  reward::RewardConfig config;
  ConfigErrors errors;
  read_config(tree, "", config, errors);
  errors.throw_if_any();
  return config;
}

void eval(EvalArguments& arguments) {
  if (arguments.common.json) report::Progress::set_enabled(false);
  arguments.config.k = arguments.k > 0 ? arguments.k : arguments.config.num_samples;
  if (arguments.config.k > arguments.config.num_samples) throw ConfigError("--k", "must be at most --num-samples");
  for (const std::string& name : arguments.rewards) {
    arguments.config.rewards.emplace_back();
    arguments.config.rewards.back().name = name;
  }
  for (const std::filesystem::path& file : arguments.reward_files) {
    arguments.config.rewards.push_back(reward_from(file));
  }
  for (const reward::RewardConfig& config : arguments.config.rewards) {  // what is not allowed costs no model's loading
    if (reward::verifier_of(config) == "command") reward::make_reward(config, arguments.config.services);
  }
  const StopSignals signals;
  const std::vector<data::Example> examples = load_task(arguments);
  std::vector<ordered_json> answers;
  for (const std::filesystem::path& folder : arguments.models) {
    answers.push_back(evaluate_model(folder, examples, arguments, signals.token()));
    print(answers.back(), arguments.common.json);
  }
  if (!arguments.output.empty()) write_rows(arguments.output, answers);
}

}  // namespace

void add_eval(Command program) {
  auto arguments = std::make_shared<EvalArguments>();
  Command verb = program.add_subcommand("eval", "Measure models on a task");
  verb.add_option("models", arguments->models, "model folders").required();
  verb.add_option("--task", arguments->task, "JSONL file with prompts and answers, or a generator's name").required();
  verb.add_option("--num-samples", arguments->config.num_samples, "completions a prompt").positive();
  verb.add_option("--k", arguments->k, "of pass@k and cons@k; default: --num-samples").positive();
  verb.add_option("--count", arguments->count, "prompts of a generator").positive();
  verb.add_option("--split", arguments->split, "of a generator: held_out, ood or train")
      .one_of({"held_out", "ood", "train"});
  verb.add_option("--min-terms", arguments->options.min_terms, "of a generator").not_negative();
  verb.add_option("--max-terms", arguments->options.max_terms, "of a generator").not_negative();
  verb.add_option("--template", arguments->template_name, "how a problem becomes a prompt: plain, r1_zero, chat")
      .one_of({"plain", "r1_zero", "chat"});
  verb.add_option("--rewards", arguments->rewards, "what is measured; the first decides pass@1").delimiter(',');
  verb.add_option("--reward-config", arguments->reward_files,
                  "YAML file with one more reward and its options: one entry of `rewards:`")
      .repeatable();
  verb.add_flag("--allow-commands", arguments->config.services.allow_commands,
                "rewards may run the programs that they name, with your rights");
  verb.add_option("--output", arguments->output, "also writes the objects as JSON lines");
  add_sampling_options(verb, arguments->config.sampling);
  add_model_options(verb, arguments->common);
  verb.footer(
      "Example:\n  aha eval runs/smoke/01-base/model runs/smoke/02-zero/model --task last_digit_sum --num-samples 16");
  verb.callback([arguments] { eval(*arguments); });
}

}  // namespace aha::tools
