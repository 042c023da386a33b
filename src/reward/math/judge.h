// Whether an answer says the same as the expected one.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reward/math/value.h"

namespace aha::reward::math {

const char* verdict_name(Verdict verdict);  // "equal", "different", "undecided", "unparsable", "unparsable gold"

struct Judgement {
  Verdict verdict;
  int64_t work;  // steps spent, see Work
};

/// What a dataset says about its answers.
struct Declaration {
  /// Spellings that may follow a number, or precede it, without meaning: "cm", "\\%", "dollars".
  std::vector<std::string> units;
  /// Several values: as written (lists in any order, tuples in order), always in order, or always as a set.
  enum class Multiple { kAsWritten, kOrdered, kSet } multiple = Multiple::kAsWritten;
};

/// Equal and different are certain as compare_scalars() says. The order of gold and answer decides nothing but which of
/// the two an unparsable text is blamed on. Tuples and lists in brackets keep their order, sets and lists without do
/// not.
Judgement judge(std::string_view gold, std::string_view answer, const Declaration& declaration = {});

/// Whether a text can serve as gold: it parses, and nothing in it is without a value.
bool is_gold(std::string_view text, const Declaration& declaration = {});

}  // namespace aha::reward::math
