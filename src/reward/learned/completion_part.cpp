// Cuts at the first </think>, so that no second one can hide what a reader would see.
#include "reward/learned/completion_part.h"

#include <string_view>

#include "reward/extract.h"

namespace aha::reward {
namespace {

constexpr std::string_view kBegin = "<think>", kEnd = "</think>";

bool begins_reasoning(std::string_view prompt) {
  const size_t begin = prompt.rfind(kBegin), end = prompt.rfind(kEnd);
  return begin != std::string_view::npos && (end == std::string_view::npos || end < begin);
}

}  // namespace

std::string completion_part(const Submission& submission, const std::string& part) {
  const std::string_view text = submission.completion;
  if (part == "response") return submission.completion;
  const size_t begin = text.find(kBegin), end = text.find(kEnd);
  const bool has_begun = begin != std::string_view::npos || begins_reasoning(submission.prompt);
  if (part == "summary") {
    if (end != std::string_view::npos) return std::string(trimmed(text.substr(end + kEnd.size())));
    return has_begun ? std::string() : std::string(trimmed(text));
  }
  if (!has_begun && end == std::string_view::npos) return {};
  const std::string_view before = text.substr(0, end);
  return std::string(trimmed(begin < before.size() ? before.substr(begin + kBegin.size()) : before));
}

std::vector<SubmissionGroup> groups_of(const std::vector<Submission>& submissions) {
  std::vector<SubmissionGroup> groups;
  for (size_t i = 0; i < submissions.size(); ++i) {
    const bool goes_on = i > 0 && &submissions[i].example == &submissions[i - 1].example;
    if (!goes_on) groups.push_back({i, i});
    groups.back().end = i + 1;
  }
  return groups;
}

}  // namespace aha::reward
