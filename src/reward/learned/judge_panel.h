// A judge's answers: each question is put to the model, which votes on it several times.
#pragma once
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "aha/data/tokenizer.h"
#include "aha/reward/reward.h"

namespace aha::reward {

/// Thread-safe. Votes are drawn with random numbers counted by the question's text: the same question gets the same
/// votes in any batch and in any run. One vote is the likeliest answer, several are drawn at temperature 1.
class JudgePanel {
 public:
  /// @throws as load_asked_model; InputError for a reward model
  JudgePanel(const RewardConfig& config, const RewardServices& services);
  ~JudgePanel();

  struct Votes {
    std::vector<std::string> answers;  // num_votes of them
    std::string fault;                 // why it could not be asked: longer than the model's context
  };
  /// One a question, in order; each distinct question is asked once. @throws StoppedError
  std::vector<Votes> ask(const std::vector<std::string>& questions, std::stop_token stop) const;
  const data::Tokenizer& tokenizer() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aha::reward
