// All rules by name: a rule of one's own is one class and one row.
#include <algorithm>
#include <iterator>

#include "aha/core/error.h"
#include "aha/reward/reward.h"
#include "reward/choice_reward.h"
#include "reward/countdown_reward.h"
#include "reward/exact_reward.h"
#include "reward/format_reward.h"
#include "reward/language_reward.h"
#include "reward/math_reward.h"
#include "reward/random_reward.h"

namespace aha::reward {
namespace {

template <class Rule>
std::unique_ptr<Reward> make() {
  return std::make_unique<Rule>();
}

struct Rule {
  const char* name;
  std::unique_ptr<Reward> (*make)();
};

constexpr Rule kRules[] = {
    {"math", make<MathReward>},     {"exact", make<ExactReward>},
    {"choice", make<ChoiceReward>}, {"countdown", make<CountdownReward>},
    {"format", make<FormatReward>}, {"language_consistency", make<LanguageReward>},
    {"random", make<RandomReward>},
};

// The verifier a bare name means.
std::string verifier_of(const RewardConfig& config) {
  if (!config.verifier.empty()) return config.verifier;
  return config.name == "accuracy" ? "math" : config.name;
}

}  // namespace

std::unique_ptr<Reward> make_reward(const RewardConfig& config) {
  const std::string verifier = verifier_of(config);
  const auto found = std::find_if(std::begin(kRules), std::end(kRules),
                                  [&verifier](const Rule& rule) { return verifier == rule.name; });
  if (found != std::end(kRules)) return found->make();

  std::vector<std::string> known = verifier_names();
  if (config.verifier.empty()) known.push_back("accuracy");
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
  const std::string hint = did_you_mean(verifier, known);
  throw ConfigError("rewards",
                    "no rule is called `" + verifier + "`; " + (hint.empty() ? "" : hint + " ") + "rules are " + names);
}

std::vector<std::string> verifier_names() {
  std::vector<std::string> names;
  for (const Rule& rule : kRules) names.push_back(rule.name);
  return names;
}

}  // namespace aha::reward
