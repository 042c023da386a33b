// The part of a completion that a model is to judge.
#pragma once
#include <string>
#include <vector>

#include "aha/reward/reward.h"

namespace aha::reward {

/// response: the completion as it stands.
/// summary: what a reader is shown: all after the first </think>; nothing while the reasoning has not ended; everything
/// where none was begun.
/// reasoning: what stands before the first </think>, or to the end where it has not ended; nothing where none was
/// begun. The prompt may have begun the reasoning, as some chat formats do. Summary and reasoning are without outer
/// white space.
std::string completion_part(const Submission& submission, const std::string& part);

/// Submissions [begin, end) answer the same prompt.
struct SubmissionGroup {
  size_t begin = 0, end = 0;
};
std::vector<SubmissionGroup> groups_of(const std::vector<Submission>& submissions);

}  // namespace aha::reward
