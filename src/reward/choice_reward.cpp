// One letter from A to J, in whatever dress; two letters are no answer.
#include "reward/choice_reward.h"

#include <string_view>

#include "reward/answer_text.h"

namespace aha::reward {
namespace {

// "(B)", "**B**", "\text{B}", "B)", "b.": B. Null character for anything else.
char letter_of(const std::string& text) {
  const std::string plain = normalised_text(text);
  std::string_view rest = plain;
  for (const std::string_view wrapper : {"\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{"}) {
    if (rest.starts_with(wrapper)) rest.remove_prefix(wrapper.size());
  }
  while (!rest.empty() && std::string_view("*($[{ ").find(rest.front()) != std::string_view::npos)
    rest.remove_prefix(1);
  while (!rest.empty() && std::string_view("*)$]}.: ").find(rest.back()) != std::string_view::npos)
    rest.remove_suffix(1);
  if (rest.size() != 1) return '\0';
  const char letter = rest[0] >= 'a' ? static_cast<char>(rest[0] - 'a' + 'A') : rest[0];
  return letter >= 'A' && letter <= 'J' ? letter : '\0';
}

}  // namespace

AnswerReward::Verdict ChoiceReward::judge(const std::string& answer, const data::Example& example) const {
  const char gold = letter_of(gold_of(example)), given = letter_of(answer);
  if (gold == '\0') return Verdict::kUnparsableGold;
  if (given == '\0') return Verdict::kUnparsable;
  return given == gold ? Verdict::kEqual : Verdict::kDifferent;
}

std::string ChoiceReward::gold_fault(const data::Example& example) const {
  if (letter_of(gold_of(example)) != '\0') return {};
  return "the answer `" + example.answer.substr(0, 80) + "` is no letter from A to J";
}

bool ChoiceReward::same_answer(const std::string& a, const std::string& b) const {
  return AnswerReward::same_answer(a, b) || (letter_of(a) != '\0' && letter_of(a) == letter_of(b));
}

}  // namespace aha::reward
