// Keywords, letters, commas, a repeated prompt, the end of the response.
#include "reward/code_points.h"
#include "reward/extract.h"
#include "reward/rules/instruction_kind.h"
#include "reward/rules/letter_case.h"

namespace aha::reward {
namespace {

using Arguments = InstructionArguments;

std::string wanted(const Arguments& arguments, const char* name) { return lower_case(trimmed(arguments.text(name))); }

bool is_word_at(std::string_view text, size_t place) {
  return place < text.size() && is_word_character(next_code_point(text, place));
}
bool is_word_before(std::string_view text, size_t place) {
  if (place == 0) return false;
  do --place;
  while (place > 0 && (static_cast<unsigned char>(text[place]) & 0xC0) == 0x80);
  return is_word_at(text, place);
}

// Where the word itself begins and ends with a letter or digit, none may go on there.
bool has_whole_word(std::string_view text, const std::string& word) {
  const bool needs_begin = is_word_at(word, 0), needs_end = is_word_before(word, word.size());
  for (size_t found = text.find(word); found != std::string_view::npos; found = text.find(word, found + 1)) {
    const size_t end = found + word.size();
    if ((!needs_begin || !is_word_before(text, found)) && (!needs_end || !is_word_at(text, end))) return true;
  }
  return false;
}

int64_t count_occurrences(std::string_view text, const std::string& piece) {
  int64_t count = 0;
  for (size_t found = text.find(piece); found != std::string_view::npos; found = text.find(piece, found + piece.size()))
    ++count;
  return count;
}

bool has_keywords(std::string_view response, const Arguments& arguments) {
  const std::string text = lower_case(response);
  for (const std::string& keyword : arguments.texts("keywords")) {
    if (text.find(lower_case(keyword)) == std::string::npos) return false;
  }
  return true;
}

bool has_keyword_often(std::string_view response, const Arguments& arguments) {
  return arguments.holds("relation", count_occurrences(lower_case(response), wanted(arguments, "keyword")),
                         "frequency");
}

bool avoids_words(std::string_view response, const Arguments& arguments) {
  const std::string text = lower_case(response);
  for (const std::string& word : arguments.texts("forbidden_words")) {
    if (has_whole_word(text, lower_case(word))) return false;
  }
  return true;
}

bool has_letter_often(std::string_view response, const Arguments& arguments) {
  const int64_t count = count_occurrences(lower_case(response), lower_case(arguments.text("letter")));
  return arguments.holds("let_relation", count, "let_frequency");
}

bool has_no_comma(std::string_view response, const Arguments&) {
  for (const char* comma : {",", "\u060C", "\u3001", "\uFF0C"}) {
    if (response.find(comma) != std::string_view::npos) return false;
  }
  return true;
}

bool repeats_prompt(std::string_view response, const Arguments& arguments) {
  return lower_case(trimmed(response)).starts_with(wanted(arguments, "prompt_to_repeat"));
}

bool ends_with_phrase(std::string_view response, const Arguments& arguments) {
  response = trimmed(response);
  while (response.ends_with('"')) response.remove_suffix(1);
  return lower_case(response).ends_with(wanted(arguments, "end_phrase"));
}

bool is_quoted(std::string_view response, const Arguments&) {
  response = trimmed(response);
  return response.size() > 1 && response.front() == '"' && response.back() == '"';
}

bool has_postscript(std::string_view response, const Arguments& arguments) {
  const std::string text = lower_case(response), marker = wanted(arguments, "postscript_marker");
  std::vector<std::string> forms = {marker};
  if (marker == "p.s.") forms = {"p.s.", "p. s."};
  if (marker == "p.p.s") forms = {"p.p.s", "p. p. s", "p. p.s", "p.p. s"};
  for (const std::string& form : forms) {
    for (size_t found = text.find(form); found != std::string::npos; found = text.find(form, found + 1)) {
      if (!is_word_before(text, found)) return true;
    }
  }
  return false;
}

}  // namespace

std::vector<InstructionKind> wording_instructions() {
  using enum ArgumentKind;
  return {
      {"keywords:existence", {{"keywords", kTexts}}, has_keywords},
      {"keywords:frequency", {{"keyword", kText}, {"frequency", kCount}, {"relation", kRelation}}, has_keyword_often},
      {"keywords:forbidden_words", {{"forbidden_words", kTexts}}, avoids_words},
      {"keywords:letter_frequency",
       {{"letter", kLetter}, {"let_frequency", kCount}, {"let_relation", kRelation}},
       has_letter_often},
      {"punctuation:no_comma", {}, has_no_comma},
      {"combination:repeat_prompt", {{"prompt_to_repeat", kText}}, repeats_prompt},
      {"startend:end_checker", {{"end_phrase", kText}}, ends_with_phrase},
      {"startend:quotation", {}, is_quoted},
      {"detectable_content:postscript", {{"postscript_marker", kText}}, has_postscript},
  };
}

}  // namespace aha::reward
