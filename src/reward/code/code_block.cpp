// Fences as CommonMark has them: at least three backticks at the start of a line, closed by as many.
#include "reward/code/code_block.h"

#include <algorithm>
#include <array>
#include <utility>

#include "reward/extract.h"
#include "reward/rules/answer_part.h"
#include "reward/rules/lines.h"

namespace aha::reward {
namespace {

constexpr std::array<std::pair<std::string_view, ProgramLanguage>, 14> kLanguageMarks = {{
    {"python", ProgramLanguage::kPython},
    {"python3", ProgramLanguage::kPython},
    {"py", ProgramLanguage::kPython},
    {"py3", ProgramLanguage::kPython},
    {"c", ProgramLanguage::kC},
    {"c11", ProgramLanguage::kC},
    {"c17", ProgramLanguage::kC},
    {"cpp", ProgramLanguage::kCpp},
    {"c++", ProgramLanguage::kCpp},
    {"cc", ProgramLanguage::kCpp},
    {"cxx", ProgramLanguage::kCpp},
    {"c++17", ProgramLanguage::kCpp},
    {"c++20", ProgramLanguage::kCpp},
    {"cplusplus", ProgramLanguage::kCpp},
}};

struct Fence {
  size_t indent = 0, ticks = 0;
  std::string_view mark;  // behind the backticks
};

// Fewer than three backticks: no fence. Backticks behind them make it code within a line.
std::optional<Fence> fence_of(std::string_view line) {
  Fence fence;
  fence.indent = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(fence.indent);
  fence.ticks = std::min(line.find_first_not_of('`'), line.size());
  fence.mark = trimmed(line.substr(fence.ticks));
  if (fence.ticks < 3 || fence.mark.find('`') != std::string_view::npos) return std::nullopt;
  return fence;
}

// A fence that is indented, as in a list, indents its lines.
std::string unindented(std::string_view content, size_t indent) {
  std::string source;
  for (std::string_view line : lines_of(content)) {
    const size_t blank = std::min(line.find_first_not_of(" \t"), line.size());
    line.remove_prefix(std::min(blank, indent));
    source.append(line) += '\n';
  }
  if (!source.empty()) source.pop_back();  // what follows the last newline is no line
  return source;
}

struct ClosedBlock {
  Fence opening;
  std::string_view content;
};

bool is_program(const Fence& opening) { return opening.mark.empty() || named_language(opening.mark).has_value(); }

std::optional<ClosedBlock> last_program(std::string_view text) {
  std::optional<Fence> opening;
  std::optional<ClosedBlock> last;
  const char* begin = nullptr;
  for (const std::string_view line : lines_of(text)) {
    const std::optional<Fence> fence = fence_of(line);
    if (!fence) continue;
    if (!opening) {
      opening = fence;
      begin = line.data() + line.size();
    } else if (fence->mark.empty() && fence->ticks >= opening->ticks) {
      // From the newline behind the opening to the start of this line.
      const size_t size = static_cast<size_t>(line.data() - begin);
      if (is_program(*opening)) last = {*opening, std::string_view(begin, size).substr(std::min<size_t>(1, size))};
      opening.reset();
    }
  }
  return last;
}

}  // namespace

std::optional<ProgramLanguage> named_language(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; });
  const auto found = std::ranges::find(kLanguageMarks, lower, [](const auto& mark) { return mark.first; });
  if (found == kLanguageMarks.end()) return std::nullopt;
  return found->second;
}

CodeExtraction last_code_block(std::string_view completion) {
  const AnswerPart part = answer_part(completion);
  if (!part.text) return {std::nullopt, part.reason};
  const std::optional<ClosedBlock> last = last_program(*part.text);
  if (!last) return {std::nullopt, "no closed block between ``` fences"};
  if (trimmed(last->content).empty()) return {std::nullopt, "the last block is empty"};
  return {CodeBlock{named_language(last->opening.mark), unindented(last->content, last->opening.indent)}};
}

}  // namespace aha::reward
