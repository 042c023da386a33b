// Finds what a program of the user's has left running where the keeper, which would have ended it, was killed.
#pragma once
#include <sys/types.h>

#include <string>

namespace aha::reward {

/// "AHA_COMMAND=" and 32 random digits: a variable that all descendants of a program carry.
std::string make_mark();

/// Kills every process of this session, and every one whose environment carries the mark. @return how many there were
int kill_leftovers(const std::string& mark, pid_t session);

}  // namespace aha::reward
