// Whether an answer says the same as the expected one.
#pragma once
#include <cstdint>
#include <string_view>

#include "reward/math/value.h"

namespace aha::reward::math {

const char* verdict_name(Verdict verdict);  // "equal", "different", "undecided", "unparsable", "unparsable gold"

struct Judgement {
  Verdict verdict;
  int64_t work;  // steps spent, see Work
};

/// Exact where it says equal or different; the order of gold and answer decides nothing but which of the two an
/// unparsable text is blamed on. Tuples and lists in brackets keep their order, sets and lists without do not.
Judgement judge(std::string_view gold, std::string_view answer);

/// Whether a text can serve as gold: it parses and has a value.
bool is_gold(std::string_view text);

}  // namespace aha::reward::math
