// Sentences, words and paragraphs.
#include "reward/extract.h"
#include "reward/rules/instruction_kind.h"
#include "reward/rules/letter_case.h"
#include "reward/rules/lines.h"
#include "reward/rules/words.h"

namespace aha::reward {
namespace {

using Arguments = InstructionArguments;

bool has_sentences(std::string_view response, const Arguments& arguments) {
  return arguments.holds("relation", count_sentences(response), "num_sentences");
}

bool has_words(std::string_view response, const Arguments& arguments) {
  return arguments.holds("relation", count_written_words(response), "num_words");
}

// Between lines of ***; an empty one at either end is none, and one inside is a fault.
bool has_paragraphs(std::string_view response, const Arguments& arguments) {
  const std::vector<std::string_view> pieces = split(response, "***");
  int64_t count = 0;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (!trimmed(pieces[i]).empty()) {
      ++count;
    } else if (i > 0 && i + 1 < pieces.size()) {
      return false;
    }
  }
  return count == arguments.count("num_paragraphs");
}

// In small letters, without the quotes before it and from the first punctuation on.
std::string first_word(std::string_view paragraph) {
  const size_t begin = paragraph.find_first_not_of("'\"");
  if (begin == std::string_view::npos) return "";
  paragraph.remove_prefix(begin);
  return lower_case(paragraph.substr(0, paragraph.find_first_of(".,?!'\" \t\r\n")));
}

bool has_first_word(std::string_view response, const Arguments& arguments) {
  std::vector<std::string_view> paragraphs;
  for (const std::string_view piece : split(response, "\n\n")) {
    if (!trimmed(piece).empty()) paragraphs.push_back(trimmed(piece));
  }
  const int64_t wanted_paragraph = arguments.count("nth_paragraph");
  if (std::ssize(paragraphs) != arguments.count("num_paragraphs")) return false;
  if (wanted_paragraph < 1 || wanted_paragraph > std::ssize(paragraphs)) return false;
  return first_word(paragraphs[static_cast<size_t>(wanted_paragraph - 1)]) == lower_case(arguments.text("first_word"));
}

}  // namespace

std::vector<InstructionKind> length_instructions() {
  using enum ArgumentKind;
  return {
      {"length_constraints:number_sentences", {{"num_sentences", kCount}, {"relation", kRelation}}, has_sentences},
      {"length_constraints:number_words", {{"num_words", kCount}, {"relation", kRelation}}, has_words},
      {"length_constraints:number_paragraphs", {{"num_paragraphs", kCount}}, has_paragraphs},
      {"length_constraints:nth_paragraph_first_word",
       {{"num_paragraphs", kCount}, {"nth_paragraph", kCount}, {"first_word", kText}},
       has_first_word},
  };
}

}  // namespace aha::reward
