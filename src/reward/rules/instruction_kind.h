// The instructions of IFEval (arXiv:2311.07911) that a rule can check: names, arguments, and the rules.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace aha::reward {

enum class ArgumentKind {
  kCount,     // a whole number, at least 0
  kText,      // not empty
  kTexts,     // a list of them, not empty
  kRelation,  // "less than" or "at least"
  kLetter,    // one character
  kLanguage,  // a code of find_language()
};

struct InstructionArgument {
  const char* name;
  ArgumentKind kind;
};

/// Of one instruction, checked by argument_fault() before.
class InstructionArguments {
 public:
  explicit InstructionArguments(const nlohmann::json& values) : values_(values) {}
  int64_t count(const char* name) const { return values_.at(name).get<int64_t>(); }
  std::string text(const char* name) const { return values_.at(name).get<std::string>(); }
  std::vector<std::string> texts(const char* name) const { return values_.at(name).get<std::vector<std::string>>(); }
  /// `found` is less than, or at least, the number that `limit` names.
  bool holds(const char* relation, int64_t found, const char* limit) const {
    return text(relation) == "less than" ? found < count(limit) : found >= count(limit);
  }

 private:
  const nlohmann::json& values_;
};

struct InstructionKind {
  const char* id;
  std::vector<InstructionArgument> arguments;
  bool (*is_followed)(std::string_view response, const InstructionArguments& arguments);
};

/// The 25 kinds by what they look at; docs/rewards.md says where they differ from the original.
std::vector<InstructionKind> wording_instructions();   // keywords, letters, repeated prompt, start and end
std::vector<InstructionKind> length_instructions();    // sentences, words, paragraphs
std::vector<InstructionKind> layout_instructions();    // titles, bullets, highlights, sections, JSON …
std::vector<InstructionKind> language_instructions();  // language and case

/// Null for an id that is none of them.
const InstructionKind* find_instruction(const std::string& id);
std::vector<std::string> instruction_ids();
/// What is wrong with the arguments of one instruction (null ones count as absent); empty if nothing is.
std::string argument_fault(const InstructionKind& kind, const nlohmann::json& values);

}  // namespace aha::reward
