// How a problem becomes a prompt, and a reasoned answer a completion.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aha/data/completion.h"
#include "aha/data/tokenizer.h"

namespace aha::data {

/// plain: the problem and a newline · r1_zero: the preamble of Table 1 of arXiv:2501.12948 in our words ·
/// chat: the tokenizer's chat template with a generation prompt.
/// A conversational example always goes through the chat template.
/// @throws ConfigError for another name
Prompt make_prompt(const Example& example, int64_t id, const std::string& template_name, const Tokenizer& tokenizer);

/// The problem and a newline: the template `plain`.
std::string plain_prompt(const std::string& problem);

/// A conversation without the reply that is to be written.
std::vector<Message> asked_messages(const Example& example);

/// "<think>reasoning</think><answer>answer</answer>"
std::string tagged_completion(const std::string& reasoning, const std::string& answer);

/// Parts of a completion by its tags; has_* say whether each tag pair stands there exactly once and in order. A part
/// whose pair does not is empty. One pass over the text.
struct TaggedParts {
  std::string reasoning;        // between <think> and </think>
  std::string answer;           // between <answer> and </answer>
  std::string summary;          // all after </think>
  bool is_well_formed = false;  // tags once and in order, only white space before and between them, nothing after
  bool has_reasoning = false, has_answer = false;
};
TaggedParts split_tags(std::string_view completion_text);

}  // namespace aha::data
