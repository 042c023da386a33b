// The lines that go to a program of the user's and come back, in the shape of TRL's reward functions.
#pragma once
#include <string>
#include <vector>

#include "aha/reward/reward.h"

namespace aha::reward {

/// {"prompts": […], "completions": […], "completion_ids": […], and each column of the rows as a list}: what TRL hands
/// to reward_func(prompts, completions, completion_ids, **columns). Where a row's prompt is a list of messages, its
/// completion is one too. A row without a column has null there; broken UTF-8 is replaced.
/// @throws CommandFailure if it would be longer than the bound
std::string request_line(const std::vector<Submission>& submissions);

/// One Score a completion from {"rewards": [number or null, …]}: null does not apply.
/// @throws CommandFailure for anything else; the program's own sentence for {"error": "sentence"}
std::vector<Score> read_answer(const std::string& line, size_t num_completions);
/// The longest answer to so many completions that is read at all.
size_t longest_answer(size_t num_completions);

/// @throws InputError for a column whose name a request uses itself
void check_columns(const data::Example& example, const std::string& place);

}  // namespace aha::reward
