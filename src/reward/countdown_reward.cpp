// The answer is read by the parser of mathematics and looked at node by node; nothing is executed.
#include "reward/countdown_reward.h"

#include <algorithm>
#include <optional>

#include "reward/math/parser.h"
#include "reward/math/value.h"

namespace aha::reward {
namespace {

std::optional<std::vector<int64_t>> numbers_of(const data::Example& example) {
  const auto found = example.columns.find("numbers");
  if (found == example.columns.end() || !found->is_array() || found->empty()) return std::nullopt;
  std::vector<int64_t> numbers;
  for (const auto& number : *found) {
    if (!number.is_number_integer()) return std::nullopt;
    numbers.push_back(number.get<int64_t>());
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::optional<int64_t> target_number_of(const data::Example& example) {
  const auto found = example.columns.find("target");
  if (found == example.columns.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<int64_t>();
}

// The numbers an expression is made of, sorted; null if it holds anything but numbers, signs and brackets.
std::optional<std::vector<int64_t>> used_numbers(const math::Expression& expression, math::Work& work) {
  std::vector<int64_t> used;
  for (const math::Node& node : expression.nodes) {
    switch (node.kind) {
      case math::NodeKind::kNegate:
      case math::NodeKind::kAdd:
      case math::NodeKind::kMultiply:
      case math::NodeKind::kDivide:
        continue;
      case math::NodeKind::kNumber:
        break;
      default:
        return std::nullopt;
    }
    const math::Rational value = math::rational_from_decimal(node.text, work);
    const auto whole = value.is_integer() ? value.numerator.to_int64() : std::nullopt;
    if (!whole) return std::nullopt;
    used.push_back(*whole);
  }
  std::sort(used.begin(), used.end());
  return used;
}

}  // namespace

AnswerReward::Verdict CountdownReward::judge(const std::string& answer, const data::Example& example) const {
  const auto numbers = numbers_of(example);
  const auto target = target_number_of(example);
  if (!numbers || !target) return Verdict::kUnparsableGold;
  math::Work work;
  const auto expression = math::parse(answer, work);
  const auto used = expression ? used_numbers(*expression, work) : std::nullopt;
  if (!used) return Verdict::kUnparsable;
  if (*used != *numbers) return Verdict::kDifferent;
  const std::vector<math::Value> values = math::evaluate(*expression, work);
  const math::Rational* value = values[expression->root].exact_rational();  // null after a division by zero
  return value && *value == math::Rational{*target, 1} ? Verdict::kEqual : Verdict::kDifferent;
}

std::string CountdownReward::gold_fault(const data::Example& example) const {
  if (!numbers_of(example)) return "needs a column `numbers`, a list of integers";
  return target_number_of(example) ? "" : "needs a column `target`, an integer";
}

}  // namespace aha::reward
