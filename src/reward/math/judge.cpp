// Reads gold and answer, and compares what they say.
#include "reward/math/judge.h"

#include <optional>

#include "reward/math/comparison.h"
#include "reward/math/parser.h"
#include "reward/math/units.h"

namespace aha::reward::math {
namespace {

// Null where nothing can be read.
std::optional<Reading> read(std::string_view text, const Declaration& declaration, Work& work) {
  auto expression = declaration.units.empty() ? parse(text, work) : parse(without_units(text, declaration.units), work);
  if (!expression) return std::nullopt;
  Reading reading{std::move(*expression), {}};
  reading.values = evaluate(reading.expression, work);
  return reading;
}

bool has_undefined_value(const Reading& reading) {
  for (const Value& value : reading.values) {
    if (value.knowledge == Knowledge::kUndefined) return true;
  }
  return false;
}

// Digits without a leading zero, with a sign perhaps: most answers are no more.
bool is_plain_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  if (text.empty() || text.size() > 18 || text[0] == '0') return false;
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kEqual:
      return "equal";
    case Verdict::kDifferent:
      return "different";
    case Verdict::kUndecided:
      return "undecided";
    case Verdict::kUnparsable:
      return "unparsable";
    default:
      return "unparsable gold";
  }
}

Judgement judge(std::string_view gold, std::string_view answer, const Declaration& declaration) {
  if (is_plain_integer(gold) && is_plain_integer(answer)) {
    return {gold == answer ? Verdict::kEqual : Verdict::kDifferent, 1};
  }
  Work work;
  const auto expected = read(gold, declaration, work);
  if (!expected || work.is_void() || has_undefined_value(*expected)) return {Verdict::kUnparsableGold, work.spent()};
  const auto given = read(answer, declaration, work);
  if (!given) return {work.is_void() ? Verdict::kUndecided : Verdict::kUnparsable, work.spent()};
  if (work.is_void() || has_undefined_value(*given)) return {Verdict::kUndecided, work.spent()};
  work.begin_part(Work::kNumericSteps);
  const Part left{&*expected, expected->expression.root}, right{&*given, given->expression.root};
  const Verdict verdict = Comparison(declaration, work).run(left, right);
  // Whatever was computed after the budget ran out is void.
  return {work.recover() ? verdict : Verdict::kUndecided, work.spent()};
}

bool is_gold(std::string_view text, const Declaration& declaration) {
  Work work;
  const auto reading = read(text, declaration, work);
  return reading && !work.is_void() && !has_undefined_value(*reading);
}

}  // namespace aha::reward::math
