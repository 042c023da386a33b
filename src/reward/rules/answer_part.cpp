// Tags, then fences; every scan is linear, whatever the text.
#include "reward/rules/answer_part.h"

#include "reward/extract.h"
#include "reward/rules/lines.h"

namespace aha::reward {
namespace {

constexpr std::string_view kReasoningOpen = "<think>", kReasoningClose = "</think>";
constexpr std::string_view kTagOpen = "<answer>", kTagClose = "</answer>", kFence = "```";

bool is_one_pair(std::string_view text, size_t open, size_t close) {
  return open != std::string_view::npos && close != std::string_view::npos && open < close &&
         text.rfind(kTagOpen) == open && text.rfind(kTagClose) == close;
}

bool opens_json(std::string_view line) {
  const std::string_view mark = trimmed(line.substr(kFence.size()));
  return mark.empty() || mark == "json" || mark == "JSON" || mark == "Json";
}

}  // namespace

AnswerPart answer_part(std::string_view completion) {
  if (completion.size() > kMaxCompletionBytes) return {std::nullopt, "the completion is longer than 1 MB"};
  const size_t reasoning_end = completion.rfind(kReasoningClose);
  if (reasoning_end != std::string_view::npos) {
    completion.remove_prefix(reasoning_end + kReasoningClose.size());
  } else if (completion.find(kReasoningOpen) != std::string_view::npos) {
    return {std::nullopt, "the reasoning does not end"};
  }
  const size_t open = completion.find(kTagOpen), close = completion.find(kTagClose);
  if (open == std::string_view::npos && close == std::string_view::npos) return {completion};
  if (!is_one_pair(completion, open, close)) return {std::nullopt, "the <answer> tags are not one pair"};
  const size_t begin = open + kTagOpen.size();
  return {completion.substr(begin, close - begin)};
}

std::string_view last_json_block(std::string_view text) {
  std::string_view found = text;
  const char* block = nullptr;  // first byte behind the opening mark
  bool is_json = false;
  for (const std::string_view line : lines_of(text)) {
    const std::string_view content = trimmed(line);
    if (!content.starts_with(kFence)) continue;
    if (!block) {
      block = line.data() + line.size();
      is_json = opens_json(content);
    } else if (content == kFence) {
      if (is_json) found = {block, static_cast<size_t>(line.data() - block)};
      block = nullptr;
    }
  }
  return found;
}

}  // namespace aha::reward
