// Differences and the search for points that tell conditions apart.
#include "reward/math/difference.h"

#include <array>
#include <optional>

#include "reward/math/sample_points.h"

namespace aha::reward::math {
namespace {

constexpr int64_t kPrecision = 160;
constexpr int kNumLines = 4;
constexpr int kMaxRoots = 6;  // looked at on a line

Difference difference_of(const std::string& sign, const Part& left, const Part& right, Work& work) {
  Difference difference{sign, left, right, {}};
  const Value &a = left.value(), &b = right.value();
  const Polynomial one = constant({1, 1});
  const bool is_exact = a.is_exact() && b.is_exact() && a.infinity == 0 && b.infinity == 0 && a.denominator == one &&
                        b.denominator == one;
  if (is_exact) difference.exact = add(a.numerator, negated(b.numerator), work);
  if (work.is_void()) difference.exact.clear();
  return difference;
}

// On a line through a sample point; the direction is another one.
class Line {
 public:
  Line(int index, const FixedPoint& arithmetic)
      : arithmetic_(arithmetic), start_(sample_point(index, arithmetic)), way_(sample_point(index + 1, arithmetic)) {}
  Point at(const Fixed& distance) const {
    return [this, distance](const std::string& name) {
      return arithmetic_.add(start_(name), arithmetic_.multiply(way_(name), distance));
    };
  }

 private:
  const FixedPoint& arithmetic_;
  Point start_, way_;
};

// Where a difference is zero: between two places of opposite sign, and known all along between them.
struct Root {
  Fixed before, after, between;
};

class RootSearch {
 public:
  RootSearch(const Difference& difference, const Line& line, const FixedPoint& arithmetic)
      : difference_(difference), line_(line), arithmetic_(arithmetic) {}

  // Places further and further away, on both sides.
  std::vector<Root> run() const {
    std::vector<Root> roots;
    for (const int64_t side : {1, -1}) {
      Fixed last = arithmetic_.from(0);
      int last_sign = sign_at(last);
      for (int64_t step = 1; step <= int64_t{1} << 20; step += 1 + step / 2) {
        if (roots.size() >= kMaxRoots || arithmetic_.work().is_void()) return roots;
        const Fixed place = arithmetic_.from(Rational{side * step, 8});
        const int sign = sign_at(place);
        if (sign * last_sign < 0) add_root(last, place, last_sign, roots);
        last = place;
        last_sign = sign;
      }
    }
    return roots;
  }

 private:
  int sign_at(const Fixed& distance) const {
    const auto value = difference_.at(line_.at(distance), arithmetic_);
    return value ? arithmetic_.sign(*value) : 0;
  }

  void add_root(Fixed low, Fixed high, int low_sign, std::vector<Root>& roots) const {
    constexpr int kHalvings = 64;
    const Fixed half = arithmetic_.from(Rational{1, 2});
    for (int i = 0; i < kHalvings; ++i) {
      const Fixed middle = arithmetic_.multiply(arithmetic_.add(low, high), half);
      const int sign = sign_at({middle.middle, 0});
      if (sign == 0) break;  // on the root, or too near to tell
      (sign == low_sign ? low : high) = {middle.middle, 0};
    }
    Fixed between = arithmetic_.multiply(arithmetic_.add(low, high), half);
    between.radius = arithmetic_.ulps_between(low, high);
    if (difference_.at(line_.at(between), arithmetic_)) roots.push_back({low, high, between});
  }

  const Difference& difference_;
  const Line& line_;
  const FixedPoint& arithmetic_;
};

// Whether the differences hold at a point; null where an enclosure does not tell. `zero` is zero there.
std::optional<bool> hold_at(const std::vector<Difference>& all, const Point& point, const Difference* zero,
                            const FixedPoint& arithmetic) {
  bool is_sure = true;
  for (const Difference& each : all) {
    const bool is_zero = zero && (&each == zero || each.is_multiple_of(*zero, arithmetic.work()));
    const auto value = is_zero ? std::optional(Fixed()) : each.at(point, arithmetic);
    if (!value) return std::nullopt;
    const int sign = arithmetic.sign(*value);
    if (sign == 0 && !value->is_exact_zero()) {
      is_sure = false;
      continue;
    }
    const bool holds = each.sign == "<"    ? sign < 0
                       : each.sign == "<=" ? sign <= 0
                       : each.sign == "="  ? sign == 0
                                           : sign != 0;
    if (!holds) return false;
  }
  return is_sure ? std::optional(true) : std::nullopt;
}

}  // namespace

bool Difference::is_multiple_of(const Difference& other, Work& work) const {
  if (exact.empty() || exact.size() != other.exact.size()) return false;
  const Rational ratio = multiply(exact.begin()->second, inverse(other.exact.begin()->second), work);
  const bool may_turn = sign == "=" || sign == "!=";
  if (ratio.numerator.is_negative() && !may_turn) return false;
  const bool is_same = multiply(other.exact, constant(ratio), work) == exact;
  return is_same && !work.is_void();
}

std::optional<Fixed> Difference::at(const Point& point, const FixedPoint& arithmetic) const {
  const Enclosure a = enclose(left.reading->expression, left.reading->values, left.index, point, false, arithmetic);
  if (!a.is_known || !a.value.is_real()) return std::nullopt;
  const Enclosure b = enclose(right.reading->expression, right.reading->values, right.index, point, false, arithmetic);
  if (!b.is_known || !b.value.is_real()) return std::nullopt;
  const Fixed difference = arithmetic.subtract(a.value.real, b.value.real);
  return arithmetic.is_known(difference) ? std::optional(difference) : std::nullopt;
}

std::vector<Difference> differences_of(const Part& condition, Work& work) {
  std::vector<Difference> all;
  if (condition.kind() == NodeKind::kNamed) {
    all.push_back(difference_of("=", condition.child(1), condition.child(0), work));
    return all;
  }
  std::string signs = condition.node().text;  // "< <="
  for (size_t i = 0; i + 1 < condition.size(); ++i) {
    const size_t end = std::min(signs.find(' '), signs.size());
    all.push_back(difference_of(signs.substr(0, end), condition.child(i), condition.child(i + 1), work));
    signs.erase(0, std::min(end + 1, signs.size()));
  }
  return all;
}

bool have_witness(const std::vector<Difference>& a, const std::vector<Difference>& b, Work& work) {
  const FixedPoint arithmetic(kPrecision, work);
  const auto tells_apart = [&](const Point& point, const Difference* zero) {
    const auto in_a = hold_at(a, point, zero, arithmetic), in_b = hold_at(b, point, zero, arithmetic);
    return in_a && in_b && *in_a != *in_b && !work.is_void();
  };
  for (int i = 0; i < kNumLines; ++i) {
    const Line line(i, arithmetic);
    for (const Difference& difference : a) {
      for (const Root& root : RootSearch(difference, line, arithmetic).run()) {
        if (tells_apart(line.at(root.between), &difference) || tells_apart(line.at(root.before), nullptr) ||
            tells_apart(line.at(root.after), nullptr)) {
          return true;
        }
      }
    }
    if (tells_apart(line.at(Fixed()), nullptr) || work.is_void()) return !work.is_void();
  }
  return false;
}

}  // namespace aha::reward::math
