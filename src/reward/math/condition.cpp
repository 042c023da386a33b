// Conditions are normalised to differences, "left - right < 0", and told apart by witnesses on lines.
#include "reward/math/condition.h"

#include <algorithm>
#include <optional>

#include "reward/math/difference.h"

namespace aha::reward::math {
namespace {

bool is_bare_variable(const Part& part) {
  return part.kind() == NodeKind::kSymbol && part.node().text[0] != '"' && part.node().text[0] != '#';
}

bool has_no_variables(const Part& part) { return symbols_of(part).variables.empty(); }

bool is_infinite(const Part& part, int sign) { return part.value().is_exact() && part.value().infinity == sign; }

// Whether all conditions of `a` are those of `b`, as multiples.
bool are_multiples(const std::vector<Difference>& a, const std::vector<Difference>& b, Work& work) {
  if (a.size() != b.size()) return false;
  std::vector<bool> is_used(b.size());
  for (const Difference& left : a) {
    size_t j = 0;
    while (j < b.size() && (is_used[j] || left.sign != b[j].sign || !left.is_multiple_of(b[j], work))) ++j;
    if (j == b.size()) return false;
    is_used[j] = true;
  }
  return true;
}

}  // namespace

bool is_condition(const Part& part) {
  if (part.kind() == NodeKind::kNamed) return part.size() == 2 && part.child(0).value().is_scalar;
  if (part.kind() != NodeKind::kRelation) return false;
  for (size_t i = 0; i < part.size(); ++i) {
    if (!part.child(i).value().is_scalar) return false;
  }
  return true;
}

bool is_solved(const Part& condition) {
  int num_bare = 0;
  for (size_t i = 0; i < condition.size(); ++i) {
    if (is_bare_variable(condition.child(i))) {
      ++num_bare;
    } else if (!has_no_variables(condition.child(i))) {
      return false;
    }
  }
  return num_bare == 1;
}

Verdict compare_conditions(const Part& a, const Part& b, Work& work) {
  if (symbols_of(a).has_bare_logarithm || symbols_of(b).has_bare_logarithm) return Verdict::kUndecided;
  const std::vector<Difference> left = differences_of(a, work), right = differences_of(b, work);
  const bool are_same = are_multiples(left, right, work);
  if (!work.recover()) return Verdict::kUndecided;
  if (are_same) return is_solved(a) == is_solved(b) ? Verdict::kEqual : Verdict::kUndecided;
  return have_witness(left, right, work) || have_witness(right, left, work) ? Verdict::kDifferent : Verdict::kUndecided;
}

Verdict compare_with_interval(const Part& condition, const Part& tuple, Work& work) {
  const bool is_pair = tuple.size() == 2 && tuple.child(0).value().is_scalar && tuple.child(1).value().is_scalar;
  const bool is_chain = condition.kind() == NodeKind::kRelation && condition.node().text[0] == '<';
  if (!is_pair || !is_chain || !is_condition(condition) || !is_solved(condition)) return Verdict::kUndecided;
  size_t variable = 0;
  while (!is_bare_variable(condition.child(variable))) ++variable;
  const bool has_low = variable > 0, has_high = variable + 1 < condition.size();
  if (condition.size() > size_t{1} + has_low + has_high) return Verdict::kUndecided;
  const Part low = tuple.child(0), high = tuple.child(1);
  const std::string& signs = condition.node().text;  // "<", "<= <"
  const bool is_low_closed = has_low && signs.starts_with("<="), is_high_closed = has_high && signs.ends_with("=");
  const bool is_open = tuple.node().text == "()";
  if (is_open && has_low && has_high) return Verdict::kUndecided;
  if ((tuple.node().text[0] == '[') != is_low_closed || (tuple.node().text[1] == ']') != is_high_closed) {
    return Verdict::kDifferent;
  }
  const Verdict at_low = has_low ? compare_scalars(condition.child(0), low, work)
                                 : (is_infinite(low, -1) ? Verdict::kEqual : Verdict::kDifferent);
  if (at_low != Verdict::kEqual) return at_low;
  if (!has_high) return is_infinite(high, 1) ? Verdict::kEqual : Verdict::kDifferent;
  return compare_scalars(condition.child(variable + 1), high, work);
}

}  // namespace aha::reward::math
