// What a reward does unless it says otherwise.
#include "aha/reward/reward.h"

#include "reward/answer_text.h"
#include "reward/extract.h"

namespace aha::reward {

Score Reward::score(const std::string& completion, const data::Example& example) const {
  return score(Submission{.completion = completion, .example = example, .prompt = example.prompt});
}

std::vector<Score> Reward::score_batch(const std::vector<Submission>& submissions, std::stop_token stop) const {
  std::vector<Score> scores;
  for (const Submission& submission : submissions) {
    if (stop.stop_requested()) throw StoppedError("stopped as asked, while completions were judged");
    scores.push_back(score(submission));
  }
  return scores;
}

std::string Reward::extract(const std::string& completion_text) const {
  return extract_answer(completion_text).answer.value_or("");
}

bool Reward::same_answer(const std::string& a, const std::string& b) const {
  return normalised_text(a) == normalised_text(b);
}

}  // namespace aha::reward
