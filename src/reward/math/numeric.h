// What an expression is worth at a point, as an enclosure.
#pragma once
#include <functional>
#include <string>

#include "reward/math/complex_point.h"
#include "reward/math/expression.h"
#include "reward/math/value.h"

namespace aha::reward::math {

/// The value of a free variable.
using Point = std::function<Fixed(const std::string& name)>;

struct Enclosure {
  Complex value;
  bool is_known = false;
  /// Every part of the expression that is not zero lies between 2^-(precision/4) and 2^(precision/4). A difference far
  /// below that is then no small part that was lost.
  bool is_of_common_size = true;
};

/// The value of the node `index` with what stands below it. `is_log_decimal`: \log without a base means base ten.
Enclosure enclose(const Expression& expression, const std::vector<Value>& values, int32_t index, const Point& point,
                  bool is_log_decimal, const FixedPoint& arithmetic);

/// The nodes of a subtree, marked.
std::vector<bool> subtree(const Expression& expression, int32_t index);
/// The same without what stands below exact rational values: nobody has to look there.
std::vector<bool> subtree_to_evaluate(const Expression& expression, const std::vector<Value>& values, int32_t index);

}  // namespace aha::reward::math
