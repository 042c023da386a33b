// Text without its code and formulas.
#pragma once
#include <string>
#include <string_view>

namespace aha::reward {

/// Fenced and inline code, $…$, $$…$$, \(…\), \[…\] and LaTeX commands are each replaced by a space.
/// A mark that nothing closes (inline code and
/// single dollars: on the same line) is left as it is. A dollar opens a formula if no space follows it, and closes one
/// if no space stands before it and no digit after ("$5 and $6" is no formula). Linear time.
std::string prose_of(std::string_view text);

}  // namespace aha::reward
