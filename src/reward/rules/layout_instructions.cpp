// Titles, bullets, highlights, sections, placeholders, JSON, two responses, one of three answers.
#include <set>

#include "reward/extract.h"
#include "reward/rules/instruction_kind.h"
#include "reward/rules/json_answer.h"
#include "reward/rules/lines.h"

namespace aha::reward {
namespace {

using Arguments = InstructionArguments;
constexpr size_t kAbsent = std::string_view::npos;

// [address]: on one line, with something between the brackets.
bool has_placeholders(std::string_view response, const Arguments& arguments) {
  int64_t count = 0;
  for (const std::string_view line : lines_of(response)) {
    for (size_t open = line.find('['); open != kAbsent;) {
      const size_t close = line.find(']', open);
      if (close == kAbsent) break;
      count += !trimmed(line.substr(open + 1, close - open - 1)).empty();
      open = line.find('[', close);
    }
  }
  return count >= arguments.count("num_placeholders");
}

bool is_bullet(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with('*')) return line.size() > 1 && line[1] != '*';
  return line.starts_with('-') && line.find_first_not_of("- ") != kAbsent;
}

bool has_bullets(std::string_view response, const Arguments& arguments) {
  int64_t count = 0;
  for (const std::string_view line : lines_of(response)) count += is_bullet(line);
  return count == arguments.count("num_bullets");
}

// *like this*, **like this** or ***like this***: as in Markdown, no blank stands behind the opening marks nor before
// the closing ones, so that bullets and products are none.
int64_t count_highlights(std::string_view line) {
  int64_t count = 0;
  const auto end_of_marks = [line](size_t place) { return std::min(line.find_first_not_of('*', place), line.size()); };
  for (size_t open = line.find('*'); open != kAbsent;) {
    const size_t begin = end_of_marks(open), close = line.find('*', begin);
    if (close == kAbsent) break;
    const bool opens = !is_ascii_space(line[begin]), closes = !is_ascii_space(line[close - 1]);
    count += opens && closes;
    open = opens && closes ? line.find('*', end_of_marks(close)) : close;
  }
  return count;
}

bool has_highlights(std::string_view response, const Arguments& arguments) {
  int64_t count = 0;
  for (const std::string_view line : lines_of(response)) count += count_highlights(line);
  return count >= arguments.count("num_highlights");
}

// The numbers that stand behind the mark, each once: to name a section again makes no new one.
bool has_sections(std::string_view response, const Arguments& arguments) {
  const std::string mark = arguments.text("section_spliter");
  const std::string_view name = trimmed(mark);
  std::set<std::string_view> numbers;
  for (size_t found = response.find(name); found != kAbsent; found = response.find(name, found + 1)) {
    size_t begin = found + name.size();
    if (begin < response.size() && is_ascii_space(response[begin])) ++begin;
    const size_t end = std::min(response.find_first_not_of("0123456789", begin), response.size());
    if (end > begin) numbers.insert(response.substr(begin, end - begin));
  }
  return std::ssize(numbers) >= arguments.count("num_sections");
}

bool is_json(std::string_view response, const Arguments&) {
  response = trimmed(response);
  for (const std::string_view fence : {"```json", "```Json", "```JSON", "```"}) {
    if (!response.starts_with(fence)) continue;
    response.remove_prefix(fence.size());
    break;
  }
  if (response.ends_with("```")) response.remove_suffix(3);
  return read_json(response).value.has_value();
}

bool has_title(std::string_view response, const Arguments&) {
  for (const std::string_view line : lines_of(response)) {
    const size_t open = line.find("<<");
    const size_t close = open == kAbsent ? kAbsent : line.rfind(">>");
    if (close == kAbsent || close <= open) continue;
    if (line.substr(open, close - open).find_first_not_of("< >\t\r") != kAbsent) return true;
  }
  return false;
}

bool has_two_responses(std::string_view response, const Arguments&) {
  const std::vector<std::string_view> pieces = split(response, "******");
  std::vector<std::string_view> responses;
  for (size_t i = 0; i < pieces.size(); ++i) {
    const std::string_view piece = trimmed(pieces[i]);
    if (!piece.empty()) {
      responses.push_back(piece);
    } else if (i > 0 && i + 1 < pieces.size()) {
      return false;
    }
  }
  return responses.size() == 2 && responses[0] != responses[1];
}

// One, not all three of them.
bool is_constrained(std::string_view response, const Arguments&) {
  int count = 0;
  for (const char* option : {"My answer is yes.", "My answer is no.", "My answer is maybe."}) {
    count += response.find(option) != kAbsent;
  }
  return count == 1;
}

}  // namespace

std::vector<InstructionKind> layout_instructions() {
  using enum ArgumentKind;
  return {
      {"detectable_content:number_placeholders", {{"num_placeholders", kCount}}, has_placeholders},
      {"detectable_format:number_bullet_lists", {{"num_bullets", kCount}}, has_bullets},
      {"detectable_format:number_highlighted_sections", {{"num_highlights", kCount}}, has_highlights},
      {"detectable_format:multiple_sections", {{"section_spliter", kText}, {"num_sections", kCount}}, has_sections},
      {"detectable_format:json_format", {}, is_json},
      {"detectable_format:title", {}, has_title},
      {"detectable_format:constrained_response", {}, is_constrained},
      {"combination:two_responses", {}, has_two_responses},
  };
}

}  // namespace aha::reward
