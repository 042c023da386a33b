// Two scalars: exact values first, then ever more general means.
#include <cmath>

#include "reward/math/magnitude.h"
#include "reward/math/numeric.h"
#include "reward/math/reading.h"
#include "reward/math/residue.h"
#include "reward/math/sample_points.h"

namespace aha::reward::math {
namespace {

bool are_same_trees(const Part& a, const Part& b) {
  const std::vector<bool> inside_a = subtree(a.reading->expression, a.index);
  const std::vector<bool> inside_b = subtree(b.reading->expression, b.index);
  // A subtree lies in one piece before its root.
  int32_t i = a.index, j = b.index;
  const int32_t shift = i - j;
  for (; i >= 0 && j >= 0; --i, --j) {
    if (inside_a[i] != inside_b[j]) return false;
    if (!inside_a[i]) continue;
    const Node &left = a.reading->at(i), &right = b.reading->at(j);
    if (left.kind != right.kind || left.text != right.text || left.children.size() != right.children.size())
      return false;
    for (size_t k = 0; k < left.children.size(); ++k) {
      if (left.children[k] - right.children[k] != shift) return false;
    }
  }
  return true;
}

Verdict compare_residues(const Part& a, const Part& b, bool are_transcendentals_independent, Work& work) {
  for (int i = 0; i < kNumSecretPrimes; ++i) {
    const SecretPrime& prime = secret_prime(i);
    const auto left = residue(a.reading->expression, a.reading->values, a.index, prime, work);
    const auto right = left ? residue(b.reading->expression, b.reading->values, b.index, prime, work) : std::nullopt;
    if (!left || !right) return Verdict::kUndecided;
    if (*left != *right) return are_transcendentals_independent ? Verdict::kDifferent : Verdict::kUndecided;
  }
  return Verdict::kEqual;
}

// One reading of \log at a time.
class NumericComparison {
 public:
  NumericComparison(const Part& a, const Part& b, const Symbols& symbols, bool is_log_decimal, Work& work)
      : a_(a),
        b_(b),
        has_variables_(!symbols.variables.empty() || !symbols.words.empty()),
        first_point_(has_variables_ && symbols.is_of_whole_numbers ? kFirstWholePoint : 0),
        is_log_decimal_(is_log_decimal),
        work_(work) {}

  Verdict run() {
    constexpr int64_t kCoarse = 128, kManyPoints = 256, kOnePoint = 384, kFinest = 896;
    if (compare_at_all(kCoarse) == Verdict::kDifferent) return Verdict::kDifferent;
    if (has_variables_) return compare_at_all(kManyPoints);
    const Verdict fine = compare_at_all(kOnePoint);
    return fine == Verdict::kUndecided ? compare_at_all(kFinest) : fine;
  }

 private:
  enum class Outcome { kApart, kTogether, kBothUndefined, kOneUndefined, kUnclear };

  Outcome compare_at(const Point& point, const FixedPoint& arithmetic) {
    const Enclosure left =
        enclose(a_.reading->expression, a_.reading->values, a_.index, point, is_log_decimal_, arithmetic);
    const Enclosure right =
        enclose(b_.reading->expression, b_.reading->values, b_.index, point, is_log_decimal_, arithmetic);
    if (!left.is_known && !right.is_known) return Outcome::kBothUndefined;
    if (!left.is_known || !right.is_known) return Outcome::kOneUndefined;
    const ComplexPoint complex(arithmetic);
    const Complex difference = complex.subtract(left.value, right.value);
    if (complex.excludes_zero(difference)) return Outcome::kApart;
    const double tolerance = std::ldexp(1.0, -static_cast<int>(arithmetic.precision() / 2));
    if (!complex.is_known(difference) || complex.upper(difference) > tolerance) return Outcome::kUnclear;
    return left.is_of_common_size && right.is_of_common_size ? Outcome::kTogether : Outcome::kUnclear;
  }

  Verdict compare_at_all(int64_t precision) {
    const FixedPoint arithmetic(precision, work_);
    const int end = has_variables_ ? kNumSamplePoints : 1, num_wanted = has_variables_ ? 4 : 1;
    int num_together = 0;
    bool is_clear = true;
    for (int i = first_point_; i < end && num_together < num_wanted && !work_.is_void(); ++i) {
      const Outcome outcome = compare_at(sample_point(i, arithmetic), arithmetic);
      if (work_.is_void()) break;
      if (outcome == Outcome::kApart) return Verdict::kDifferent;
      num_together += outcome == Outcome::kTogether;
      is_clear &= outcome == Outcome::kTogether || outcome == Outcome::kBothUndefined;
    }
    if (work_.is_void()) return Verdict::kUndecided;
    return is_clear && num_together >= num_wanted ? Verdict::kEqual : Verdict::kUndecided;
  }

  const Part a_, b_;
  bool has_variables_;
  int first_point_;
  bool is_log_decimal_;
  Work& work_;
};

Verdict compare_numerically(const Part& a, const Part& b, const Symbols& symbols, Work& work) {
  const Verdict natural = NumericComparison(a, b, symbols, false, work).run();
  if (!symbols.has_bare_logarithm || natural == Verdict::kUndecided) return natural;
  const Verdict decimal = NumericComparison(a, b, symbols, true, work).run();
  return natural == decimal ? natural : Verdict::kUndecided;
}

Symbols joined(Symbols a, const Symbols& b) {
  a.variables.insert(b.variables.begin(), b.variables.end());
  a.has_bare_logarithm |= b.has_bare_logarithm;
  a.has_pi |= b.has_pi;
  a.has_e |= b.has_e;
  a.is_of_whole_numbers |= b.is_of_whole_numbers;
  return a;
}

}  // namespace

Symbols symbols_of(const Part& part) {
  Symbols symbols;
  const std::vector<bool> is_inside = subtree(part.reading->expression, part.index);
  for (size_t i = 0; i < is_inside.size(); ++i) {
    const Node& node = part.reading->at(static_cast<int32_t>(i));
    if (!is_inside[i]) continue;
    const bool is_whole = node.kind == NodeKind::kFactorial || node.kind == NodeKind::kBinomial;
    symbols.is_of_whole_numbers |= is_whole && !part.reading->values[i].is_exact();
    if (node.kind == NodeKind::kFunction) symbols.has_bare_logarithm |= node.text == "log";
    if (node.kind != NodeKind::kSymbol || node.text == "\"degree") continue;
    symbols.has_pi |= node.text == "#pi";
    symbols.has_e |= node.text == "#e";
    if (node.text[0] == '"') symbols.words.insert(node.text);
    if (node.text[0] != '"' && node.text[0] != '#') symbols.variables.insert(node.text);
  }
  return symbols;
}

Verdict compare_scalars(const Part& a, const Part& b, Work& work) {
  if (a.value().is_exact() && b.value().is_exact()) {
    const Verdict exact = compare(a.value(), b.value(), work);
    if (exact != Verdict::kUndecided) return exact;
    if (!work.recover()) return Verdict::kUndecided;
  }
  if (a.value().infinity != 0 || b.value().infinity != 0) return Verdict::kUndecided;
  const Symbols left = symbols_of(a), right = symbols_of(b);
  if (left.words != right.words) return Verdict::kUndecided;  // which units are worth each other is not said
  if (are_same_trees(a, b)) return Verdict::kEqual;
  const Symbols symbols = joined(left, right);
  const Verdict by_residues = compare_residues(a, b, !(symbols.has_pi && symbols.has_e), work);
  if (by_residues != Verdict::kUndecided || !work.recover()) return by_residues;
  if (are_apart(magnitude(a.reading->expression, a.reading->values, a.index),
                magnitude(b.reading->expression, b.reading->values, b.index))) {
    return Verdict::kDifferent;
  }
  return compare_numerically(a, b, symbols, work);
}

}  // namespace aha::reward::math
