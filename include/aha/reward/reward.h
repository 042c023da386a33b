// Judges completions. A reward is one class and one row of the table in src/reward/registry.cpp.
#pragma once
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "aha/core/error.h"
#include "aha/data/completion.h"
#include "aha/data/example.h"
#include "aha/reward/reward_config.h"

namespace aha::data {
class Tokenizer;
}
namespace aha::model {
class Model;
}

namespace aha::reward {

/// What is judged. All it points to belongs to the caller.
struct Submission {
  const std::string& completion;  // decoded, end token dropped
  const data::Example& example;
  const std::string& prompt;                     // as the model read it; empty where it is not known
  std::span<const int32_t> completion_ids = {};  // empty where they are not known
  bool is_truncated = false;                     // the completion ended at its greatest length
};
Submission submission_of(const data::Completion& completion, const data::Prompt& prompt);

/// null: this reward does not apply, the gold is unparsable, or infrastructure failed; such a sample is masked and
/// counted.
struct Score {
  std::optional<double> value;
  nlohmann::ordered_json detail = nlohmann::ordered_json::object();  // has "verdict" where a verifier judged
  std::string fault = {};                                            // why nothing could be judged; empty if it could
  bool has_timed_out = false;                                        // that is the fault
};

/// A reward failed on more completions than its max_error_rate allows. Exit 1.
struct RewardError : Error {
  explicit RewardError(const std::string& sentence) : Error(ExitCode::kFailed, sentence) {}
};

/// Stateless and thread-safe.
class Reward {
 public:
  virtual ~Reward() = default;
  virtual Score score(const Submission& submission) const = 0;
  /// The same where nothing but the text is known.
  Score score(const std::string& completion, const data::Example& example) const;
  /// Judges together what a model or another program judges faster so; else one by one as they end.
  virtual bool is_batched() const { return false; }
  /// One score each, in order. Groups stand together: completions of one prompt have the same example.
  /// @throws StoppedError
  virtual std::vector<Score> score_batch(const std::vector<Submission>& submissions, std::stop_token stop) const;
  /// @throws InputError if a row lacks a column this reward needs, or its gold cannot be parsed: called once per row at
  /// load.
  virtual void check_example(const data::Example& example, const std::string& place) const {}
  /// The answer that cons@k counts; empty if the completion has none. Default: the tagged or boxed answer.
  virtual std::string extract(const std::string& completion_text) const;
  /// Whether two extracted answers say the same. Default: they read the same but for spaces and look-alikes.
  virtual bool same_answer(const std::string& a, const std::string& b) const;
};

/// What some rewards need of their surroundings.
struct RewardServices {
  /// The model that `model:` names. @throws ConfigError, InputError
  std::function<std::shared_ptr<model::Model>(const std::string& name)> load_model;
  /// The tokenizer of that model.
  std::function<std::shared_ptr<const data::Tokenizer>(const std::string& name)> load_tokenizer;
  bool allow_commands = false;  // the user said so on the command line
  int num_threads = 1;
};

/// @throws ConfigError for an unknown name, with "did you mean", and for options of another rule; MissingError where
/// the machine cannot do what the rule needs (isolation for `code`)
std::unique_ptr<Reward> make_reward(const RewardConfig& config, const RewardServices& services = {});
std::vector<std::string> verifier_names();
/// What a verifier judges, in one line; empty for a name that is none.
std::string verifier_summary(const std::string& verifier);
/// The verifier an entry means: its own, or that of its name (accuracy = math).
std::string verifier_of(const RewardConfig& config);
/// The mathematics compares formulas at places that nobody can know beforehand. They are drawn from the system, once a
/// process, or from this: a run gives its seed, so that one that goes on says the same of an answer as an unbroken one.
void set_verifier_secret(uint64_t secret);

struct Contradiction {
  std::string key, sentence;
};
/// What is wrong with an entry, before anything is loaded: an unknown rule, options of another rule, and what the rule
/// misses. Empty if nothing is.
std::vector<Contradiction> contradictions(const RewardConfig& config);

/// What all rewards say of one completion, in their order; of batched ones nothing yet.
using Judgement = std::vector<Score>;

/// All rewards of a batch.
struct BatchScores {
  std::vector<std::string> names;                          // of the rewards, in order
  std::vector<double> weights;                             // by reward: its factor in the total
  std::vector<std::vector<std::optional<double>>> values;  // [reward][completion]
  std::vector<std::optional<double>> total;  // weighted sum over those that apply; null if none of a weight does, or
                                             // one has failed: such a completion teaches nothing
  std::vector<int64_t> num_failed;           // by reward: it threw, said why not, or its value was no finite number
  std::vector<int64_t> num_timed_out;        // by reward: of those, by running out of time
  std::vector<int64_t> num_undecided;        // by reward: the verdict was "undecided"; the value is 0
  int64_t num_judged = 0;  // completions that the three counts are of; some may have been left out since
};

/// Judges batches with several rewards. A reward that throws counts as failed; the first few are logged.
class Scorer {
 public:
  explicit Scorer(const std::vector<RewardConfig>& configs, const RewardServices& services = {});
  BatchScores score(const data::CompletionBatch& batch, std::stop_token stop = {}) const;
  /// The two halves of score(): any thread may judge what is not batched; gather() judges what is, counts, logs in
  /// its order, and throws RewardError if a reward failed on more than its max_error_rate.
  Judgement judge(const Submission& submission) const;
  BatchScores gather(const std::vector<Submission>& submissions, std::vector<Judgement> judgements,
                     std::stop_token stop = {}) const;
  /// @throws InputError "place, row 3: …" for the first row that a reward cannot judge
  void check_examples(const std::vector<data::Example>& examples, const std::string& place) const;
  const std::vector<std::shared_ptr<const Reward>>& rewards() const { return rewards_; }
  const std::vector<RewardConfig>& configs() const { return configs_; }
  /// With rewards of one's own (the library's users).
  Scorer(std::vector<RewardConfig> configs, std::vector<std::shared_ptr<const Reward>> rewards);

 private:
  void add_reward(size_t r, const std::vector<Judgement>& judgements, BatchScores& scores) const;

  std::vector<RewardConfig> configs_;
  std::vector<std::shared_ptr<const Reward>> rewards_;
};

}  // namespace aha::reward
