// Python programs around programs: one that calls a function, one that runs a data set's checker.
#pragma once
#include <string>

namespace aha::reward {

/// A program that reads a JSON array of arguments from stdin, calls `function` of `source` with them (or that method of
/// its class Solution), and writes the result as JSON and a newline to stdout. What `source` itself prints is dropped,
/// or goes to stderr where it writes to the descriptor. Ends with exit code 1 where there is no such function, it
/// raises, or its result is no JSON. Names that LeetCode's pages import (List, deque, heappush …) need no import.
/// @param function an identifier
std::string call_program(const std::string& source, const std::string& function);

/// `source` as it is, but for an exit code of 3 where it raises: 1, Python's own, would say that the answer is wrong.
std::string checker_program(const std::string& source);

}  // namespace aha::reward
