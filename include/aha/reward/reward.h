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
  std::string verifier;  // one of verifier_names(); empty: by name (accuracy = math)
  double weight = 1.0;
  template <class Fields>
  void visit(Fields& field) {
    field("name", name, "name in the metrics: rewards/<name>/mean", required());
    field("verifier", verifier,
          "rule that judges: math, exact, choice, countdown, format, language_consistency, random");
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
  /// The answer that cons@k counts; empty if the completion has none. Default: the tagged or boxed answer.
  virtual std::string extract(const std::string& completion_text) const;
  /// Whether two extracted answers say the same. Default: they read the same but for spaces and look-alikes.
  virtual bool same_answer(const std::string& a, const std::string& b) const;
};

/// @throws ConfigError for an unknown name, with "did you mean"
std::unique_ptr<Reward> make_reward(const RewardConfig& config);
std::vector<std::string> verifier_names();

/// What all rewards say of one completion, in their order.
struct Judgement {
  std::vector<Score> scores;
  std::vector<std::string> faults;  // why a reward failed: it threw, or its value was no finite number; else empty
};

/// All rewards of a batch.
struct BatchScores {
  std::vector<std::string> names;                          // of the rewards, in order
  std::vector<double> weights;                             // by reward: its factor in the total
  std::vector<std::vector<std::optional<double>>> values;  // [reward][completion]
  std::vector<std::optional<double>> total;                // weighted sum over those that apply; null if none does
  std::vector<int64_t> num_failed;     // by reward: it threw, or its value was no finite number; the value is null
  std::vector<int64_t> num_undecided;  // by reward: the verdict was "undecided"; the value is 0
};

/// Judges batches with several rewards. A reward that throws counts as failed; the first few are logged.
class Scorer {
 public:
  explicit Scorer(const std::vector<RewardConfig>& configs);
  BatchScores score(const data::CompletionBatch& batch) const;
  /// The two halves of score(): any thread may judge, and what is gathered is counted and logged in its order.
  Judgement judge(const std::string& completion_text, const data::Example& example) const;
  BatchScores gather(const std::vector<Judgement>& judgements) const;
  /// @throws InputError "place, row 3: …" for the first row that a reward cannot judge
  void check_examples(const std::vector<data::Example>& examples, const std::string& place) const;
  const std::vector<std::shared_ptr<const Reward>>& rewards() const { return rewards_; }
  /// With rewards of one's own (the library's users).
  Scorer(std::vector<RewardConfig> configs, std::vector<std::shared_ptr<const Reward>> rewards);

 private:
  std::vector<RewardConfig> configs_;
  std::vector<std::shared_ptr<const Reward>> rewards_;
};

}  // namespace aha::reward
