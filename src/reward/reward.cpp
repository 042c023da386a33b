// What a reward does unless it says otherwise.
#include "aha/reward/reward.h"

#include "reward/answer_text.h"
#include "reward/extract.h"

namespace aha::reward {

std::string Reward::extract(const std::string& completion_text) const {
  return extract_answer(completion_text).answer.value_or("");
}

bool Reward::same_answer(const std::string& a, const std::string& b) const {
  return normalised_text(a) == normalised_text(b);
}

}  // namespace aha::reward
