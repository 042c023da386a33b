// Reads an answer into an expression.
#pragma once
#include <optional>
#include <string_view>

#include "reward/math/expression.h"
#include "reward/math/work.h"

namespace aha::reward::math {

constexpr int kMaxDepth = 128;  // of calls; a pair of brackets costs two
constexpr size_t kMaxNodes = 5000;

/// Null for what is no mathematics, nests too deep, has more than kMaxNodes nodes, or could be read in
/// two ways (1/2x, \sqrt12): such an answer is never right by luck.
std::optional<Expression> parse(std::string_view answer, Work& work);

}  // namespace aha::reward::math
