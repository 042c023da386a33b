// Problem, completion and end in one sequence.
#include "reward/learned/judged_tokens.h"

#include "aha/data/template.h"

namespace aha::reward {

std::vector<int32_t> judged_tokens(const Submission& submission, const std::string& completion,
                                   const std::string& template_name, const data::Tokenizer& tokenizer) {
  const data::Example& example = submission.example;
  if (!example.messages.empty()) {
    std::vector<data::Message> messages = data::asked_messages(example);
    messages.push_back({.role = "assistant", .content = completion});
    return tokenizer.render_chat(messages, /*add_generation_prompt=*/false, example.tools).token_ids;
  }
  std::vector<int32_t> ids = example.prompt.empty() ? tokenizer.encode_prompt(submission.prompt)
                                                    : data::make_prompt(example, 0, template_name, tokenizer).token_ids;
  const std::vector<int32_t> rest = tokenizer.encode(completion);
  ids.insert(ids.end(), rest.begin(), rest.end());
  ids.push_back(tokenizer.eos_ids().front());
  return ids;
}

}  // namespace aha::reward
