// The row's instructions, each on the response and on its loose forms.
#include "reward/rules/instruction_reward.h"

#include <algorithm>

#include "aha/core/error.h"
#include "reward/extract.h"
#include "reward/rules/answer_part.h"
#include "reward/rules/instruction_kind.h"

namespace aha::reward {
namespace {

using nlohmann::json;

struct GivenInstruction {
  const InstructionKind* kind;
  const json* arguments;
};

// @throws InputError
std::vector<GivenInstruction> instructions_of(const data::Example& example, const std::string& place) {
  const auto ids = example.columns.find("instruction_id_list"), arguments = example.columns.find("kwargs");
  if (ids == example.columns.end() || !ids->is_array() || ids->empty())
    throw InputError(place, "needs a column `instruction_id_list`, a list of names");
  static const json kNone = json::array();
  const json& given = arguments == example.columns.end() || arguments->is_null() ? kNone : *arguments;
  if (!given.is_array() || (!given.empty() && given.size() != ids->size()))
    throw InputError(place, "the column `kwargs` must be a list with an object for each instruction");
  static const json kEmpty = json::object();
  std::vector<GivenInstruction> instructions;
  for (size_t i = 0; i < ids->size(); ++i) {
    const std::string id = (*ids)[i].is_string() ? (*ids)[i].get<std::string>() : (*ids)[i].dump();
    const InstructionKind* kind = find_instruction(id);
    const std::string hint = kind ? "" : did_you_mean(id, instruction_ids());
    if (!kind) throw InputError(place, "the instruction `" + id + "` is not known" + (hint.empty() ? "" : "; " + hint));
    const json& values = given.empty() || given[i].is_null() ? kEmpty : given[i];
    const std::string fault = argument_fault(*kind, values);
    if (!fault.empty()) throw InputError(place, "instruction " + id + ": " + fault);
    instructions.push_back({kind, &values});
  }
  return instructions;
}

std::string without_asterisks(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '*');
  return plain;
}

// Without the first line, the last, and both; then the same four without asterisks.
std::vector<std::string> loose_forms(std::string_view response) {
  const size_t first = response.find('\n'), last = response.rfind('\n');
  std::vector<std::string> forms = {std::string(response)};
  if (first != std::string_view::npos) {
    forms.emplace_back(trimmed(response.substr(first + 1)));
    forms.emplace_back(trimmed(response.substr(0, last)));
    if (first < last) forms.emplace_back(trimmed(response.substr(first + 1, last - first - 1)));
  }
  const size_t num_lines = forms.size();
  for (size_t i = 0; i < num_lines; ++i) forms.push_back(without_asterisks(forms[i]));
  return forms;
}

bool is_followed(const GivenInstruction& instruction, std::string_view response) {
  return !trimmed(response).empty() &&
         instruction.kind->is_followed(response, InstructionArguments(*instruction.arguments));
}

}  // namespace

Score InstructionReward::score(const Submission& submission) const {
  Score score;
  std::vector<GivenInstruction> instructions;
  try {
    instructions = instructions_of(submission.example, "the row");
  } catch (const InputError& error) {
    score.detail = {{"verdict", "unparsable_gold"}, {"reason", error.what()}};
    return score;
  }
  const AnswerPart part = answer_part(submission.completion);
  const std::string_view response = part.text.value_or("");
  const std::vector<std::string> forms = loose_forms(response);
  bool is_strict = true, is_loose = true;
  auto results = nlohmann::ordered_json::array();
  for (const GivenInstruction& instruction : instructions) {
    const bool follows = is_followed(instruction, response);
    const bool follows_loosely = std::any_of(
        forms.begin(), forms.end(), [&instruction](const std::string& form) { return is_followed(instruction, form); });
    is_strict &= follows;
    is_loose &= follows_loosely;
    results.push_back({{"id", instruction.kind->id}, {"strict", follows}, {"loose", follows_loosely}});
  }
  score.value = (is_loose_ ? is_loose : is_strict) ? 1.0 : 0.0;
  score.detail["strict"] = is_strict;
  score.detail["loose"] = is_loose;
  score.detail["instructions"] = std::move(results);
  if (!part.text) score.detail["reason"] = part.reason;
  return score;
}

void InstructionReward::check_example(const data::Example& example, const std::string& place) const {
  instructions_of(example, place);
}

}  // namespace aha::reward
