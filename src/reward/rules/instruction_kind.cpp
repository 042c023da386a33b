// All kinds in one table, and their arguments as rows bring them.
#include "reward/rules/instruction_kind.h"

#include <algorithm>

#include "reward/code_points.h"
#include "reward/languages.h"

namespace aha::reward {
namespace {

const std::vector<InstructionKind>& all_instructions() {
  static const std::vector<InstructionKind> all = [] {
    std::vector<InstructionKind> kinds;
    for (const auto& group :
         {wording_instructions(), length_instructions(), layout_instructions(), language_instructions()}) {
      kinds.insert(kinds.end(), group.begin(), group.end());
    }
    return kinds;
  }();
  return all;
}

bool is_text(const nlohmann::json& value) { return value.is_string() && !value.get_ref<const std::string&>().empty(); }

bool is_one_character(const nlohmann::json& value) {
  if (!is_text(value)) return false;
  size_t place = 0;
  next_code_point(value.get_ref<const std::string&>(), place);
  return place == value.get_ref<const std::string&>().size();
}

// Numbers may be written as 3.0, as tables of floating-point columns are.
bool is_count(const nlohmann::json& value) {
  if (!value.is_number() || value < 0 || value > 1e9) return false;
  return value.get<double>() == static_cast<double>(value.get<int64_t>());
}

std::string kind_fault(ArgumentKind kind, const nlohmann::json& value) {
  switch (kind) {
    case ArgumentKind::kCount:
      return is_count(value) ? "" : "must be a whole number of at least 0";
    case ArgumentKind::kText:
      return is_text(value) ? "" : "must be a text that is not empty";
    case ArgumentKind::kTexts:
      return value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), is_text)
                 ? ""
                 : "must be a list of texts that is not empty";
    case ArgumentKind::kRelation:
      return value == "less than" || value == "at least" ? "" : "must be `less than` or `at least`";
    case ArgumentKind::kLetter:
      return is_one_character(value) ? "" : "must be one character";
    case ArgumentKind::kLanguage:
      return value.is_string() && find_language(value.get_ref<const std::string&>())
                 ? ""
                 : "must be the code of one of the languages " + language_codes();
  }
  return "";
}

}  // namespace

const InstructionKind* find_instruction(const std::string& id) {
  const auto& all = all_instructions();
  const auto found = std::find_if(all.begin(), all.end(), [&id](const InstructionKind& kind) { return id == kind.id; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> instruction_ids() {
  std::vector<std::string> ids;
  for (const InstructionKind& kind : all_instructions()) ids.push_back(kind.id);
  return ids;
}

std::string argument_fault(const InstructionKind& kind, const nlohmann::json& values) {
  if (!values.is_object()) return "its arguments must be an object";
  for (const InstructionArgument& argument : kind.arguments) {
    const auto value = values.find(argument.name);
    if (value == values.end() || value->is_null()) return std::string("lacks the argument `") + argument.name + "`";
    const std::string fault = kind_fault(argument.kind, *value);
    if (!fault.empty()) return std::string("the argument `") + argument.name + "` " + fault;
  }
  for (const auto& [name, value] : values.items()) {
    const auto is_named = [&name = name](const InstructionArgument& argument) { return name == argument.name; };
    if (!value.is_null() && std::none_of(kind.arguments.begin(), kind.arguments.end(), is_named))
      return "takes no argument `" + name + "`";
  }
  return "";
}

}  // namespace aha::reward
