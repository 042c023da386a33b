// All rules by name: a rule of one's own is one class and one row.
#include <algorithm>
#include <iterator>

#include "aha/core/error.h"
#include "aha/reward/reward.h"
#include "reward/choice_reward.h"
#include "reward/code/code_reward.h"
#include "reward/command/command_reward.h"
#include "reward/countdown_reward.h"
#include "reward/exact_reward.h"
#include "reward/format_reward.h"
#include "reward/language_reward.h"
#include "reward/learned/judge_reward.h"
#include "reward/learned/reward_model_reward.h"
#include "reward/math_reward.h"
#include "reward/random_reward.h"
#include "reward/rules/cosine_reward.h"
#include "reward/rules/instruction_reward.h"
#include "reward/rules/json_reward.h"
#include "reward/rules/length_reward.h"
#include "reward/rules/overlong_reward.h"
#include "reward/rules/repetition_reward.h"
#include "reward/rules/stack_program_reward.h"
#include "reward/rules/tool_call_reward.h"

namespace aha::reward {
namespace {

using Maker = std::unique_ptr<Reward> (*)(const RewardConfig&, const RewardServices&);

template <class Rule>
std::unique_ptr<Reward> make(const RewardConfig&, const RewardServices&) {
  return std::make_unique<Rule>();
}

// For rules that read some options of their entry.
template <class Rule, auto Options>
std::unique_ptr<Reward> make_with(const RewardConfig& config, const RewardServices&) {
  return std::make_unique<Rule>(config.*Options);
}

template <class Rule>
std::unique_ptr<Reward> make_with_services(const RewardConfig& config, const RewardServices& services) {
  return std::make_unique<Rule>(config, services);
}

struct Rule {
  const char* name;
  const char* summary;  // what it judges, in one line: for --help
  Maker make;
  std::vector<std::string> keys = {};      // of RewardConfig that it reads beside those of every rule
  std::vector<std::string> required = {};  // of those, the ones it cannot do without
  std::vector<Contradiction> (*contradictions)(const RewardConfig&) = nullptr;  // what else can be wrong with them
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all = {
      {"math", "the answer equals the gold answer as mathematics", make<MathReward>},
      {"exact", "the answer reads the same as the gold answer", make<ExactReward>},
      {"choice", "the answer is the letter of the right choice", make<ChoiceReward>},
      {"countdown", "an expression of the given numbers that makes the target", make<CountdownReward>},
      {"stack_program", "a program of a small stack language passes its tests", make<StackProgramReward>},
      {"code",
       "a program in Python, C or C++ passes its tests in the sandbox",
       make_code_reward,
       {"programming_language", "timeout_seconds", "memory_mb", "partial_credit", "allow_landlock"},
       {},
       code_contradictions},
      {"json",
       "the answer is JSON, and what a schema asks for",
       make_with<JsonReward, &RewardConfig::json>,
       {"schema"}},
      {"tool_call", "the calls of functions that were expected, and no other", make<ToolCallReward>},
      {"instruction",
       "what IFEval's instructions ask for",
       make_with<InstructionReward, &RewardConfig::instruction>,
       {"loose"}},
      {"format",
       "the tags stand once, in order, with nothing after them",
       make_with<FormatReward, &RewardConfig::format>,
       {"layout"}},
      {"language_consistency", "share of the reasoning that is in the target language", make<LanguageReward>},
      {"length",
       "the length lies between bounds",
       make_with<LengthReward, &RewardConfig::shaping>,
       {"min_length", "max_length"},
       {},
       length_contradictions},
      {"overlong",
       "a punishment near the greatest length",
       make_with<OverlongReward, &RewardConfig::shaping>,
       {"max_length", "cache_length"},
       {"max_length", "cache_length"},
       overlong_contradictions},
      {"repetition",
       "a punishment for n-grams that come again",
       make_with<RepetitionReward, &RewardConfig::shaping>,
       {"ngram_size", "max_penalty"}},
      {"cosine",
       "right answers earn more if short, wrong ones lose less if long",
       make_with<CosineReward, &RewardConfig::shaping>,
       {"max_length"},
       {"max_length"}},
      {"reward_model",
       "the score that a trained reward model gives",
       make_reward_model_reward,
       {"model", "part", "template"},
       {"model"}},
      {"judge",
       "the grade that a language model gives, or its preference among a prompt's completions",
       make_judge_reward,
       {"model", "part", "template", "instructions", "comparison", "num_votes", "max_judge_length"},
       {"model"},
       judge_contradictions},
      {"command",
       "a program of your own, asked by lines of JSON (with --allow-commands)",
       make_with_services<CommandReward>,
       {"command", "timeout_seconds", "memory_mb"},
       {"command"}},
      {"random", "a number that says nothing of the completion: a control", make<RandomReward>},
  };
  return all;
}

const Rule* find_rule(const std::string& verifier) {
  const auto found =
      std::find_if(rules().begin(), rules().end(), [&verifier](const Rule& rule) { return verifier == rule.name; });
  return found == rules().end() ? nullptr : &*found;
}

bool has(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// Keys of an entry whose values are not the defaults.
std::vector<std::string> keys_set(const RewardConfig& config) {
  const ConfigTree given = config_to_tree(config), defaults = config_to_tree(RewardConfig());
  std::vector<std::string> keys;
  for (const auto& [key, value] : given.map()) {
    if (value.to_json() != defaults.find(key)->to_json()) keys.push_back(key);
  }
  return keys;
}

std::string unknown_rule(const RewardConfig& config) {
  std::vector<std::string> known = verifier_names();
  if (config.verifier.empty()) known.push_back("accuracy");
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
  const std::string verifier = verifier_of(config), hint = did_you_mean(verifier, known);
  return "no rule is called `" + verifier + "`; " + (hint.empty() ? "" : hint + " ") + "rules are " + names;
}

}  // namespace

std::string verifier_of(const RewardConfig& config) {
  if (!config.verifier.empty()) return config.verifier;
  return config.name == "accuracy" ? "math" : config.name;
}

std::vector<Contradiction> contradictions(const RewardConfig& config) {
  const std::string verifier = verifier_of(config);
  const Rule* rule = find_rule(verifier);
  if (!rule) return {{config.verifier.empty() ? "name" : "verifier", unknown_rule(config)}};
  std::vector<Contradiction> found;
  const std::vector<std::string> set = keys_set(config);
  for (const std::string& key : set) {
    if (has({"name", "verifier", "weight", "max_error_rate", "watch"}, key) || has(rule->keys, key)) continue;
    found.push_back({key, "means nothing to the verifier " + verifier + "; leave it out"});
  }
  for (const std::string& key : rule->required) {
    if (!has(set, key)) found.push_back({key, "is missing; the verifier " + verifier + " needs it"});
  }
  if (rule->contradictions) {
    for (Contradiction& wrong : rule->contradictions(config)) found.push_back(std::move(wrong));
  }
  return found;
}

std::unique_ptr<Reward> make_reward(const RewardConfig& config, const RewardServices& services) {
  for (const Contradiction& wrong : contradictions(config)) {
    throw ConfigError("rewards." + wrong.key, wrong.sentence);
  }
  return find_rule(verifier_of(config))->make(config, services);
}

std::string verifier_summary(const std::string& verifier) {
  const Rule* rule = find_rule(verifier);
  return rule ? rule->summary : "";
}

std::vector<std::string> verifier_names() {
  std::vector<std::string> names;
  for (const Rule& rule : rules()) names.push_back(rule.name);
  return names;
}

}  // namespace aha::reward
