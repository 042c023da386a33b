// How long a completion is, in tokens.
#include "reward/rules/completion_length.h"

namespace aha::reward {

std::optional<int64_t> completion_length(const Submission& submission) {
  if (!submission.completion_ids.empty()) return std::ssize(submission.completion_ids);
  const auto column = submission.example.columns.find("completion_length");
  if (column == submission.example.columns.end() || !column->is_number_integer() || *column < 0) return std::nullopt;
  return column->get<int64_t>();
}

Score unknown_length() {
  Score score;
  score.detail["reason"] = "its length in tokens is not known; give a column `completion_length`";
  return score;
}

}  // namespace aha::reward
