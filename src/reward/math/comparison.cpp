// One function a kind of structure.
#include "reward/math/comparison.h"

#include "reward/math/condition.h"

namespace aha::reward::math {
namespace {

using Multiple = Declaration::Multiple;

bool is_collection(const Part& a) { return a.kind() == NodeKind::kSet || a.kind() == NodeKind::kList; }
bool is_listing(const Part& a) { return is_collection(a) || a.kind() == NodeKind::kTuple; }

// In "x = 1, y = 2" the names are part of what is said; in "x = 1, x = 2" they are not.
bool has_several_names(const Part& a) {
  for (size_t i = 1; i < a.size(); ++i) {
    const bool is_named = a.child(i).kind() == NodeKind::kNamed, was_named = a.child(0).kind() == NodeKind::kNamed;
    if (is_named != was_named) return true;
    if (is_named && a.child(i).node().text != a.child(0).node().text) return true;
  }
  return false;
}

bool has_names(const Part& a) { return a.size() > 0 && a.child(0).kind() == NodeKind::kNamed; }

bool is_inequality(const Part& a) { return a.kind() == NodeKind::kRelation && a.node().text != "="; }

size_t num_columns(const Part& matrix) { return std::stoul(matrix.node().text); }

}  // namespace

Verdict Comparison::run(const Part& a, const Part& b) {
  const bool are_listings = is_listing(a) && is_listing(b);
  if (are_listings && declaration_.multiple == Multiple::kOrdered) return compare_in_order(a, b);
  if (are_listings && declaration_.multiple == Multiple::kSet) return compare_as_sets(a, b);
  return compare(a, b);
}

Verdict Comparison::compare(const Part& a, const Part& b) {
  if (!work_.charge(4)) return Verdict::kUndecided;
  if (a.kind() == NodeKind::kNamed || b.kind() == NodeKind::kNamed) return compare_named(a, b);
  if (a.value().is_scalar && b.value().is_scalar) return compare_numbers(a, b);
  if (is_collection(a) && is_collection(b)) return compare_collections(a, b);
  if (a.kind() != b.kind()) return compare_kinds(a, b);
  switch (a.kind()) {
    case NodeKind::kTuple:
      return a.node().text == b.node().text ? compare_in_order(a, b) : Verdict::kDifferent;
    case NodeKind::kUnion:
      return compare_unordered(a, b);
    case NodeKind::kRelation:
      return is_condition(a) && is_condition(b) ? compare_conditions(a, b, work_) : Verdict::kUndecided;
    case NodeKind::kMatrix:
      return compare_matrices(a, b);
    default:
      return Verdict::kUndecided;
  }
}

// Where the unit is declared, no other one will do.
Verdict Comparison::compare_numbers(const Part& a, const Part& b) {
  const Verdict verdict = compare_scalars(a, b, work_);
  if (verdict != Verdict::kUndecided || declaration_.units.empty()) return verdict;
  return symbols_of(a).words == symbols_of(b).words ? verdict : Verdict::kDifferent;
}

// "x = 3" says what "3" says, but not what "y = 3" says.
Verdict Comparison::compare_named(const Part& a, const Part& b) {
  const bool are_both = a.kind() == b.kind();
  if (are_both && a.node().text != b.node().text) return Verdict::kDifferent;
  const bool is_relation = a.kind() == NodeKind::kRelation || b.kind() == NodeKind::kRelation;
  if (is_relation && is_condition(a) && is_condition(b)) return compare_conditions(a, b, work_);
  const Part value_a = a.kind() == NodeKind::kNamed ? a.child(0) : a;
  const Part value_b = b.kind() == NodeKind::kNamed ? b.child(0) : b;
  return compare(value_a, value_b);
}

// Where the same numbers stand in another kind of bracket it takes a reader of the question to tell.
Verdict Comparison::compare_kinds(const Part& a, const Part& b) {
  if (a.kind() == NodeKind::kRelation && b.kind() == NodeKind::kTuple) return compare_with_interval(a, b, work_);
  if (b.kind() == NodeKind::kRelation && a.kind() == NodeKind::kTuple) return compare_with_interval(b, a, work_);
  if (a.kind() == NodeKind::kMatrix && b.kind() == NodeKind::kTuple) return compare_rows(a, b);
  if (b.kind() == NodeKind::kMatrix && a.kind() == NodeKind::kTuple) return compare_rows(b, a);
  const bool is_tuple = a.kind() == NodeKind::kTuple || b.kind() == NodeKind::kTuple;
  const bool has_collection = is_collection(a) || is_collection(b);
  if (is_tuple && has_collection && a.size() == b.size()) {
    return compare_in_order(a, b) == Verdict::kDifferent ? Verdict::kDifferent : Verdict::kUndecided;
  }
  if (a.kind() == NodeKind::kRelation && b.value().is_scalar) return compare_equation_with_number(a, b);
  if (b.kind() == NodeKind::kRelation && a.value().is_scalar) return compare_equation_with_number(b, a);
  const bool is_related = a.kind() == NodeKind::kRelation || b.kind() == NodeKind::kRelation;
  return is_related ? Verdict::kUndecided : Verdict::kDifferent;
}

// "2 + 3 = 5" says 5, "5 = 6" nothing, and an inequality is no number.
Verdict Comparison::compare_equation_with_number(const Part& equation, const Part& number) {
  if (is_inequality(equation)) return Verdict::kDifferent;
  if (!is_condition(equation) || !symbols_of(equation).variables.empty()) return Verdict::kUndecided;
  for (size_t i = 0; i < equation.size(); ++i) {
    const Verdict verdict = compare(equation.child(i), number);
    if (verdict != Verdict::kEqual) return verdict;
  }
  return Verdict::kEqual;
}

Verdict Comparison::compare_in_order(const Part& a, const Part& b) {
  if (a.size() != b.size()) return Verdict::kDifferent;
  bool is_decided = true;
  for (size_t i = 0; i < a.size(); ++i) {
    const Verdict verdict = compare(a.child(i), b.child(i));
    if (verdict == Verdict::kDifferent) return verdict;
    is_decided &= verdict == Verdict::kEqual;
  }
  return is_decided ? Verdict::kEqual : Verdict::kUndecided;
}

Verdict Comparison::compare_collections(const Part& a, const Part& b) {
  const bool names_matter = has_several_names(a) || has_several_names(b);
  if (names_matter && (!has_names(a) || !has_names(b))) return Verdict::kUndecided;
  const bool are_sets = a.kind() == NodeKind::kSet && b.kind() == NodeKind::kSet;
  return are_sets ? compare_as_sets(a, b) : compare_unordered(a, b);
}

Verdict Comparison::compare_as_sets(const Part& a, const Part& b) {
  const Verdict forward = contains_all(a, b);
  return forward == Verdict::kEqual ? contains_all(b, a) : forward;
}

// Whether each element of b is one of a.
Verdict Comparison::contains_all(const Part& a, const Part& b) {
  for (size_t j = 0; j < b.size(); ++j) {
    Verdict best = Verdict::kDifferent;
    for (size_t i = 0; i < a.size() && best != Verdict::kEqual; ++i) {
      const Verdict verdict = compare(a.child(i), b.child(j));
      if (verdict != Verdict::kDifferent) best = verdict;
    }
    if (best != Verdict::kEqual) return best;
  }
  return Verdict::kEqual;
}

// Same elements, each as often. Equality is transitive, so the first match is as good as any.
Verdict Comparison::compare_unordered(const Part& a, const Part& b) {
  if (a.size() != b.size()) return Verdict::kDifferent;
  std::vector<bool> is_used(b.size());
  bool is_decided = true;
  for (size_t i = 0; i < a.size(); ++i) {
    bool is_found = false, may_be_found = false;
    for (size_t j = 0; j < b.size() && !is_found; ++j) {
      if (is_used[j]) continue;
      const Verdict verdict = compare(a.child(i), b.child(j));
      is_found = verdict == Verdict::kEqual;
      may_be_found |= verdict == Verdict::kUndecided;
      if (is_found) is_used[j] = true;
    }
    if (!is_found && !may_be_found) return Verdict::kDifferent;
    is_decided &= is_found;
  }
  return is_decided ? Verdict::kEqual : Verdict::kUndecided;
}

Verdict Comparison::compare_matrices(const Part& a, const Part& b) {
  return num_columns(a) == num_columns(b) ? compare_in_order(a, b) : Verdict::kDifferent;
}

// A matrix beside [[1, 2], [3, 4]]; beside (1, 2) a column may be a vector or not.
Verdict Comparison::compare_rows(const Part& matrix, const Part& tuple) {
  const size_t columns = num_columns(matrix), rows = matrix.size() / columns;
  if (tuple.child(0).kind() != NodeKind::kTuple) return Verdict::kUndecided;
  if (tuple.size() != rows) return Verdict::kDifferent;
  bool is_decided = true;
  for (size_t i = 0; i < rows; ++i) {
    const Part row = tuple.child(i);
    if (row.kind() != NodeKind::kTuple || row.size() != columns) return Verdict::kDifferent;
    for (size_t j = 0; j < columns; ++j) {
      const Verdict verdict = compare(matrix.child(i * columns + j), row.child(j));
      if (verdict == Verdict::kDifferent) return verdict;
      is_decided &= verdict == Verdict::kEqual;
    }
  }
  return is_decided ? Verdict::kEqual : Verdict::kUndecided;
}

}  // namespace aha::reward::math
