// The mathematics is in reward/math/; this is its face as a reward, and what a row's columns declare.
#include "reward/math_reward.h"

#include <algorithm>

#include "reward/math/judge.h"

namespace aha::reward {
namespace {

using math::Declaration;

const nlohmann::json* column(const data::Example& example, const char* name) {
  const auto found = example.columns.find(name);
  return found == example.columns.end() || found->is_null() ? nullptr : &*found;
}

bool are_strings(const nlohmann::json& list) {
  return list.is_array() && std::all_of(list.begin(), list.end(), [](const auto& each) { return each.is_string(); });
}

// What is wrong with the columns that declare something, as the end of a sentence; empty if nothing is.
std::string declaration_fault(const data::Example& example) {
  const auto *unit = column(example, "unit"), *percent = column(example, "percent");
  const auto *multiple = column(example, "multiple"), *anchor = column(example, "answer_anchor");
  if (unit && !unit->is_string() && !are_strings(*unit)) return "`unit` is neither a text nor a list of texts";
  if (percent && !percent->is_boolean()) return "`percent` is neither true nor false";
  if (multiple && *multiple != "ordered" && *multiple != "set") return "`multiple` is neither \"ordered\" nor \"set\"";
  return anchor && !anchor->is_string() ? "`answer_anchor` is no text" : "";
}

Declaration declaration_of(const data::Example& example) {
  Declaration declaration;
  const auto *unit = column(example, "unit"), *percent = column(example, "percent");
  const auto* multiple = column(example, "multiple");
  if (unit && unit->is_string()) declaration.units.push_back(unit->get<std::string>());
  if (unit && unit->is_array()) declaration.units = unit->get<std::vector<std::string>>();
  if (percent && percent->get<bool>()) {
    for (const char* mark : {"%", "percent"}) declaration.units.emplace_back(mark);
  }
  if (multiple)
    declaration.multiple = *multiple == "set" ? Declaration::Multiple::kSet : Declaration::Multiple::kOrdered;
  return declaration;
}

}  // namespace

AnswerReward::Verdict MathReward::judge(const std::string& answer, const data::Example& example) const {
  if (!declaration_fault(example).empty()) return Verdict::kUnparsableGold;
  switch (math::judge(gold_of(example), answer, declaration_of(example)).verdict) {
    case math::Verdict::kEqual:
      return Verdict::kEqual;
    case math::Verdict::kDifferent:
      return Verdict::kDifferent;
    case math::Verdict::kUndecided:
      return Verdict::kUndecided;
    case math::Verdict::kUnparsable:
      return Verdict::kUnparsable;
    default:
      return Verdict::kUnparsableGold;
  }
}

std::string MathReward::gold_fault(const data::Example& example) const {
  if (std::string fault = declaration_fault(example); !fault.empty()) return fault;
  if (example.answer.empty()) return "has no `answer` to compare with";
  const std::string gold = gold_of(example);
  if (math::is_gold(gold, declaration_of(example))) return {};
  return "the answer `" + gold.substr(0, 80) + "` cannot be read as mathematics; write it otherwise or drop the row";
}

bool MathReward::same_answer(const std::string& a, const std::string& b) const {
  return AnswerReward::same_answer(a, b) || math::judge(a, b).verdict == math::Verdict::kEqual;
}

}  // namespace aha::reward
