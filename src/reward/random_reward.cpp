// A control that carries no information: training on it must not improve anything.
#include "reward/random_reward.h"

#include "aha/core/random.h"

namespace aha::reward {

Score RandomReward::score(const Submission& submission) const {
  std::string prompt = submission.example.prompt;
  for (const data::Message& message : submission.example.messages) prompt += '\n' + message.content;
  Score score;
  score.value = Random(hash_name(submission.completion), "random_reward", {hash_name(prompt), 0, 0}).uniform();
  return score;
}

}  // namespace aha::reward
