// Answers that are compared as text.
#pragma once
#include <string>
#include <string_view>

namespace aha::reward {

/// The text as a reader sees it: full-width forms, digits of other scripts and minus signs in ASCII, no invisible
/// characters, single spaces, none outside, no trailing period. Letters keep their case.
std::string normalised_text(std::string_view text);

}  // namespace aha::reward
