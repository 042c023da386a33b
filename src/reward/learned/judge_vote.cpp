// Strict: what is not exactly an answer is none.
#include "reward/learned/judge_vote.h"

#include <algorithm>

#include "reward/extract.h"

namespace aha::reward {
namespace {

constexpr int64_t kBestGrade = 10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace

std::optional<int64_t> grade_in(const std::string& vote) {
  const std::string answer = extract_answer(vote).answer.value_or("");
  if (answer.empty() || answer.size() > 2 || !std::all_of(answer.begin(), answer.end(), is_digit)) return {};
  const int64_t grade = std::stoi(answer);
  const bool is_grade = grade >= 1 && grade <= kBestGrade && answer.front() != '0';
  return is_grade ? std::optional<int64_t>(grade) : std::nullopt;
}

std::optional<Preference> preference_in(const std::string& vote) {
  const std::string answer = lower(extract_answer(vote).answer.value_or(""));
  if (answer == "a") return Preference::kFirst;
  if (answer == "b") return Preference::kSecond;
  if (answer == "tie") return Preference::kTie;
  return {};
}

std::optional<double> share_of_win(std::optional<Preference> in_order, std::optional<Preference> swapped) {
  if (!in_order || !swapped) return {};
  if (in_order == Preference::kFirst && swapped == Preference::kSecond) return 1;
  if (in_order == Preference::kSecond && swapped == Preference::kFirst) return 0;
  return 0.5;
}

}  // namespace aha::reward
