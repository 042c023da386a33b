// Judges completions. A reward is one class and one row of the table in src/reward/registry.cpp.
#pragma once
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/data/completion.h"
#include "aha/data/example.h"

namespace aha::reward {

/// null: this reward does not apply, the gold is unparsable, or infrastructure failed; such a sample is masked and
/// counted.
struct Score {
  std::optional<double> value;
  nlohmann::ordered_json detail = nlohmann::ordered_json::object();  // has "verdict" where a verifier judged
};

/// One entry of `rewards:`. A bare name means its last definition in the recipe, else these defaults.
struct RewardConfig {
  std::string name;      // accuracy, format, language_consistency, or one's own name with `verifier`
  std::string verifier;  // math exact choice format language_consistency random; empty: by name (accuracy = math)
  double weight = 1.0;
  template <class Fields>
  void visit(Fields& field) {
    field("name", name, "name in the metrics: rewards/<name>/mean", required());
    field("verifier", verifier, "rule that judges: math, exact, choice, format, language_consistency, random");
    field("weight", weight, "factor in the total reward", any());
  }
};

/// Stateless and thread-safe.
class Reward {
 public:
  virtual ~Reward() = default;
  virtual Score score(const std::string& completion_text, const data::Example& example) const = 0;
  /// @throws InputError if a row lacks a column this reward needs, or its gold cannot be parsed: called once per row at
  /// load.
  virtual void check_example(const data::Example& example, const std::string& place) const {}
};

/// @throws ConfigError for an unknown name, with "did you mean"
std::unique_ptr<Reward> make_reward(const RewardConfig& config);
std::vector<std::string> verifier_names();

/// All rewards of a batch.
struct BatchScores {
  std::vector<std::string> names;                          // of the rewards, in order
  std::vector<std::vector<std::optional<double>>> values;  // [reward][completion]
  std::vector<std::optional<double>> total;                // weighted sum over those that apply; null if none does
};

class Scorer {
 public:
  explicit Scorer(const std::vector<RewardConfig>& configs);
  BatchScores score(const data::CompletionBatch& batch) const;
  void check_examples(const std::vector<data::Example>& examples, const std::string& place) const;
  /// With rewards of one's own (the library's users).
  Scorer(std::vector<RewardConfig> configs, std::vector<std::shared_ptr<const Reward>> rewards);

 private:
  std::vector<RewardConfig> configs_;
  std::vector<std::shared_ptr<const Reward>> rewards_;
};

}  // namespace aha::reward
