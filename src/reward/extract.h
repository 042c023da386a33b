// Finds the one answer of a completion.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace aha::reward {

constexpr size_t kMaxCompletionBytes = size_t{1} << 20;

/// `answer` is what stands in the only <answer>…</answer> after the last </think>, or else in the last \boxed{…} there
/// (also of the tags' content, if it holds one). Null where there is none: `reason` then says why. Text outside tags
/// and boxes is no answer; nor are several boxes that differ, nor an empty one.
struct Extraction {
  std::optional<std::string> answer;
  std::string reason;
};

/// One pass over the text, of which more than kMaxCompletionBytes is not read at all. With an anchor ("####"), what
/// follows it on its line goes before boxes; it may stand several times if it says the same.
Extraction extract_answer(std::string_view completion_text, std::string_view anchor = {});

/// What follows the last anchor on its line, without outer white space; null if there is none.
std::optional<std::string_view> after_anchor(std::string_view text, std::string_view anchor);

bool is_ascii_space(char c);  ///< blank, tab or end of line
/// Without outer white space.
std::string_view trimmed(std::string_view text);

}  // namespace aha::reward
