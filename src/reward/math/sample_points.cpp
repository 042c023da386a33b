// Each variable has a coordinate of its own, drawn from the secret in use.
#include "reward/math/sample_points.h"

#include "reward/math/secret.h"

namespace aha::reward::math {
namespace {

constexpr int64_t kScale = int64_t{1} << 32;

Rational coordinate(const std::string& name, int index) {
  const uint64_t secret = secret_number(name, static_cast<uint64_t>(index));
  if (index >= kFirstWholePoint) return {static_cast<int64_t>(2 + secret % 11), 1};
  const bool is_positive = name[0] == '"' || name == "n";
  const bool is_large = index % 2 == 1, is_negative = index % 4 >= 2 && !is_positive;
  // Near one, so that high powers keep a common size whatever the secret is.
  const int64_t tenth = kScale / 10, from = is_large ? 15 * tenth : 4 * tenth, width = is_large ? 6 * tenth : 2 * tenth;
  const int64_t top = from + static_cast<int64_t>(secret % static_cast<uint64_t>(width));
  return {is_negative ? -top : top, kScale};
}

}  // namespace

Point sample_point(int index, const FixedPoint& arithmetic) {
  return [index, &arithmetic](const std::string& name) { return arithmetic.from(coordinate(name, index)); };
}

}  // namespace aha::reward::math
