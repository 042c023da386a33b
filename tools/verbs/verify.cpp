// aha verify: a reward on completions that stand in a file.
#include <atomic>
#include <limits>
#include <memory>
#include <thread>

#include "aha/core/config_tree.h"
#include "aha/core/error.h"
#include "aha/core/log.h"
#include "aha/reward/reward.h"
#include "verbs/json_rows.h"
#include "verbs/model_options.h"
#include "verbs/stop_signals.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct VerifyArguments {
  std::string reward;
  FileOptions files;
  std::filesystem::path config;
  std::vector<std::string> assignments;
  bool allow_commands = false;
  ModelOptions common;
};

// What a submission points to.
struct Judged {
  std::string completion;
  data::Example example;
  std::vector<int32_t> completion_ids;
  bool is_truncated = false;

  reward::Submission submission() const {
    return {.completion = completion,
            .example = example,
            .prompt = example.prompt,
            .completion_ids = completion_ids,
            .is_truncated = is_truncated};
  }
};

// Gold answers may be numbers; a reward sees them as text. What else they are, columns tell.
std::string gold_of(const Row& row) {
  for (const char* key : {"answer", "solution"}) {
    const ordered_json* gold = row.find(key);
    if (!gold) continue;
    if (gold->is_string()) return gold->get<std::string>();
    if (gold->is_number() || gold->is_structured()) return gold->dump();
    throw InputError(row.place, std::string("`") + key + "` must not be true or false");
  }
  return "";
}

Judged judged_of(const Row& row) {
  Judged judged{.completion = row.text("completion"), .example = {}, .completion_ids = {}};
  judged.example.columns = row.value;
  judged.example.answer = gold_of(row);
  if (const ordered_json* prompt = row.find("prompt"); prompt && prompt->is_string()) judged.example.prompt = *prompt;
  if (row.find("completion_ids")) {
    judged.completion_ids = row.token_ids("completion_ids", std::numeric_limits<int32_t>::max());
  }
  const ordered_json* finish = row.find("finish_reason");
  judged.is_truncated = finish && *finish == "length";
  return judged;
}

reward::RewardConfig config_of(const VerifyArguments& arguments) {
  ConfigTree entry(ConfigTree::Value(ConfigTree::Map{}));
  entry.put("name", ConfigTree(ConfigTree::Value(arguments.reward)));
  if (!arguments.config.empty()) {
    const ConfigTree file = ConfigTree::parse_yaml_file(arguments.config);
    if (!file.is_map()) throw ConfigError(arguments.config.string(), "must hold one entry of `rewards:`, as a map");
    entry.merge(file);
  }
  for (const std::string& assignment : arguments.assignments) entry.set(assignment);
  reward::RewardConfig config;
  ConfigErrors errors;
  read_config(entry, "", config, errors);
  errors.throw_if_any();
  if (arguments.reward != config.name && arguments.reward != reward::verifier_of(config)) {
    throw ConfigError("name", "is `" + config.name + "`, but `" + arguments.reward + "` was asked for");
  }
  return config;
}

reward::RewardServices services_of(const VerifyArguments& arguments) {
  const model::LoadOptions load = arguments.common.load();
  return {.load_model =
              [load](const std::string& folder) { return std::make_shared<model::Model>(model::load(folder, load)); },
          .load_tokenizer = [](const std::string& folder) { return need_tokenizer(folder, "the reward"); },
          .allow_commands = arguments.allow_commands,
          .num_threads = arguments.common.num_threads()};
}

// One by one on all threads, in the order of the rows.
std::vector<reward::Score> judge_each(const reward::Scorer& scorer, const std::vector<reward::Submission>& submissions,
                                      int num_threads, const std::stop_token& stop) {
  std::vector<reward::Score> scores(submissions.size());
  std::atomic<size_t> next = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < num_threads; ++i) {
      threads.emplace_back([&] {
        for (size_t row = next++; row < submissions.size() && !stop.stop_requested(); row = next++) {
          scores[row] = std::move(scorer.judge(submissions[row]).front());
        }
      });
    }
  }
  if (stop.stop_requested()) throw StoppedError("stopped as asked, while completions were judged");
  return scores;
}

std::vector<reward::Score> judge_all(const VerifyArguments& arguments, const std::vector<Judged>& judged) {
  const reward::Scorer scorer({config_of(arguments)}, services_of(arguments));
  std::vector<reward::Submission> submissions;
  for (const Judged& each : judged) submissions.push_back(each.submission());
  const StopSignals signals;
  const reward::Reward& reward = *scorer.rewards().front();
  if (reward.is_batched()) return reward.score_batch(submissions, signals.token());
  return judge_each(scorer, submissions, arguments.common.num_threads(), signals.token());
}

ordered_json answer_of(const Row& row, const reward::Score& score) {
  ordered_json answer = row.answer();
  answer["reward"] = score.value ? ordered_json(*score.value) : ordered_json();
  answer["detail"] = score.detail;
  if (!score.fault.empty()) answer["error"] = score.fault;
  return answer;
}

void verify(const VerifyArguments& arguments) {
  const std::vector<Row> rows = read_rows(arguments.files.input);
  std::vector<Judged> judged;
  for (const Row& row : rows) judged.push_back(judged_of(row));
  const std::vector<reward::Score> scores = judge_all(arguments, judged);
  std::vector<ordered_json> answers;
  int64_t num_failed = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    answers.push_back(answer_of(rows[i], scores[i]));
    num_failed += !scores[i].fault.empty();
  }
  if (num_failed > 0) {
    log::warning(std::to_string(num_failed) + " of " + std::to_string(rows.size()) +
                 " completions could not be judged; `error` of those lines says why");
  }
  write_rows(arguments.files.output, answers);
}

std::string verifiers_and_examples() {
  std::string text = "Verifiers:\n  accuracy              the same as math\n";
  for (const std::string& name : reward::verifier_names()) {
    text +=
        "  " + name + std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') + reward::verifier_summary(name) + "\n";
  }
  return text +
         "A verifier's options are the keys of a recipe's `rewards:`; docs/rewards.md lists them and the columns.\n"
         "Examples:\n"
         "  aha verify math --input answers.jsonl --output rewards.jsonl\n"
         "  aha verify code --set timeout_seconds=2 --set partial_credit=true --input programs.jsonl";
}

}  // namespace

void add_verify(Command program) {
  auto arguments = std::make_shared<VerifyArguments>();
  Command verb = program.add_subcommand("verify", "Judge completions by a reward");
  verb.add_option("reward", arguments->reward, "verifier, or the name of --config's entry").required();
  add_file_options(verb, arguments->files);
  verb.add_option("--set", arguments->assignments, "an option of the reward, key=value").repeatable();
  verb.add_option("--config", arguments->config, "YAML file with the reward's options: one entry of `rewards:`");
  verb.add_flag("--allow-commands", arguments->allow_commands,
                "the reward may run the program that it names, with your rights");
  add_model_options(verb, arguments->common);
  verb.footer(verifiers_and_examples());
  verb.callback([arguments] { verify(*arguments); });
}

}  // namespace aha::tools
