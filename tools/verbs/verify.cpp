// aha verify: a reward on completions that stand in a file.
#include <memory>

#include "aha/core/error.h"
#include "aha/reward/reward.h"
#include "verbs/json_rows.h"
#include "verbs/model_options.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct VerifyArguments {
  std::string reward;
  FileOptions files;
  bool json = false;
};

// Gold answers may be numbers; a reward sees them as text.
std::string gold_of(const Row& row) {
  for (const char* key : {"answer", "solution"}) {
    const nlohmann::ordered_json* gold = row.find(key);
    if (!gold) continue;
    if (gold->is_string()) return gold->get<std::string>();
    if (gold->is_number()) return gold->dump();
    throw InputError(row.place, std::string("`") + key + "` must be a string or a number");
  }
  return "";
}

data::Example example_of(const Row& row) {
  data::Example example;
  example.columns = row.value;
  example.answer = gold_of(row);
  if (const nlohmann::ordered_json* prompt = row.find("prompt"); prompt && prompt->is_string())
    example.prompt = *prompt;
  return example;
}

void verify(const VerifyArguments& arguments) {
  reward::RewardConfig config;
  config.name = arguments.reward;
  const auto judge = reward::make_reward(config);
  std::vector<ordered_json> answers;
  for (const Row& row : read_rows(arguments.files.input)) {
    const reward::Score score = judge->score(row.text("completion"), example_of(row));
    answers.push_back(row.answer());
    answers.back()["reward"] = score.value ? ordered_json(*score.value) : ordered_json();
    answers.back()["detail"] = score.detail;
  }
  write_rows(arguments.files.output, answers);
}

std::string rewards_and_example() {
  std::string names;
  for (const std::string& name : reward::verifier_names()) names += " " + name;
  return "Rewards: accuracy" + names + "\nExample:\n  aha verify math --input answers.jsonl --output rewards.jsonl";
}

}  // namespace

void add_verify(Command program) {
  auto arguments = std::make_shared<VerifyArguments>();
  Command verb = program.add_subcommand("verify", "Judge completions by a reward");
  verb.add_option("reward", arguments->reward, "reward or verifier").required();
  add_file_options(verb, arguments->files);
  verb.add_flag("--json", arguments->json, "accepted for symmetry: the output is JSON lines already");
  verb.footer(rewards_and_example());
  verb.callback([arguments] { verify(*arguments); });
}

}  // namespace aha::tools
