// The part of a completion that answers.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace aha::reward {

/// Null where nothing answers: `reason` then says why.
struct AnswerPart {
  std::optional<std::string_view> text;
  std::string reason = {};
};

/// What stands after the last </think> (all of it without reasoning), and of that what stands in <answer>…</answer>,
/// if it has these tags. Of more than kMaxCompletionBytes nothing is read. One pass.
AnswerPart answer_part(std::string_view completion);

/// Lines of the last closed block between ``` whose opening mark says json or nothing; all of it without such a block.
std::string_view last_json_block(std::string_view text);

}  // namespace aha::reward
