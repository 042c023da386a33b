// A judged completion as a reward model learned to read one.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "aha/data/tokenizer.h"
#include "aha/reward/reward.h"

namespace aha::reward {

/// The tokens that a row of this problem and this completion is trained on: a problem in text through its template,
/// then the completion, then the end token; a conversation, the completion its last message, as the chat format writes
/// it. Without a problem in the example: after the prompt that the policy read.
std::vector<int32_t> judged_tokens(const Submission& submission, const std::string& completion,
                                   const std::string& template_name, const data::Tokenizer& tokenizer);

}  // namespace aha::reward
