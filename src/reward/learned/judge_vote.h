// What a judge's answer says.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace aha::reward {

enum class Preference { kFirst, kSecond, kTie };

/// The grade between the only answer tags (or in the only box), a whole number from 1 to 10 and nothing else; none
/// otherwise.
std::optional<int64_t> grade_in(const std::string& vote);
/// A, B or tie between them, in either case; none otherwise.
std::optional<Preference> preference_in(const std::string& vote);

/// A vote on one pair, asked in both orders: only where both name the same text has it won.
/// @param in_order of (text, other) · swapped of (other, text)
/// @return 1 the text won, 0 the other, 1/2 neither; none where one of the two could not be read
std::optional<double> share_of_win(std::optional<Preference> in_order, std::optional<Preference> swapped);

}  // namespace aha::reward
