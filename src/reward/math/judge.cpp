// Compares two expressions from their structure down to their values.
#include "reward/math/judge.h"

#include <optional>

#include "reward/math/parser.h"

namespace aha::reward::math {
namespace {

// An expression with its values.
struct Reading {
  Expression expression;
  std::vector<Value> values;
  const Node& at(int32_t index) const { return expression.nodes[index]; }
};

// A node of a reading.
struct Part {
  const Reading* reading;
  int32_t index;
  const Node& node() const { return reading->at(index); }
  NodeKind kind() const { return node().kind; }
  const Value& value() const { return reading->values[index]; }
  Part child(size_t i) const { return {reading, node().children[i]}; }
  size_t size() const { return node().children.size(); }
};

class Comparison {
 public:
  explicit Comparison(Work& work) : work_(work) {}

  // As deep as brackets nest at most, which the parser limits.
  Verdict compare(Part a, Part b) {
    if (!work_.charge(4)) return Verdict::kUndecided;
    if (a.kind() == NodeKind::kNamed || b.kind() == NodeKind::kNamed) return compare_named(a, b);
    if (a.value().is_scalar && b.value().is_scalar) return math::compare(a.value(), b.value(), work_);
    if (is_collection(a) && is_collection(b)) return compare_collections(a, b);
    if (a.kind() != b.kind()) return compare_kinds(a, b);
    switch (a.kind()) {
      case NodeKind::kTuple:
        return a.node().text == b.node().text ? compare_in_order(a, b) : Verdict::kDifferent;
      case NodeKind::kUnion:
        return compare_unordered(a, b);
      case NodeKind::kRelation:
        return compare_relations(a, b);
      default:
        return Verdict::kUndecided;
    }
  }

 private:
  static bool is_collection(Part a) { return a.kind() == NodeKind::kSet || a.kind() == NodeKind::kList; }

  // "x = 3" says what "3" says, but not what "y = 3" says.
  Verdict compare_named(Part a, Part b) {
    const bool are_both = a.kind() == b.kind();
    if (are_both && a.node().text != b.node().text) return Verdict::kDifferent;
    const Part value_a = a.kind() == NodeKind::kNamed ? a.child(0) : a;
    const Part value_b = b.kind() == NodeKind::kNamed ? b.child(0) : b;
    return compare(value_a, value_b);
  }

  // Where the same numbers stand in another kind of bracket it takes a reader of the question to tell.
  Verdict compare_kinds(Part a, Part b) {
    const bool is_tuple = a.kind() == NodeKind::kTuple || b.kind() == NodeKind::kTuple;
    const bool has_collection = is_collection(a) || is_collection(b);
    if (is_tuple && has_collection && a.size() == b.size()) {
      return compare_in_order(a, b) == Verdict::kDifferent ? Verdict::kDifferent : Verdict::kUndecided;
    }
    const bool is_related = a.kind() == NodeKind::kRelation || b.kind() == NodeKind::kRelation;
    return is_related ? Verdict::kUndecided : Verdict::kDifferent;
  }

  Verdict compare_in_order(Part a, Part b) {
    if (a.size() != b.size()) return Verdict::kDifferent;
    bool is_decided = true;
    for (size_t i = 0; i < a.size(); ++i) {
      const Verdict verdict = compare(a.child(i), b.child(i));
      if (verdict == Verdict::kDifferent) return verdict;
      is_decided &= verdict == Verdict::kEqual;
    }
    return is_decided ? Verdict::kEqual : Verdict::kUndecided;
  }

  // In "x = 1, y = 2" the names are part of what is said; in "x = 1, x = 2" they are not.
  static bool has_several_names(Part a) {
    for (size_t i = 1; i < a.size(); ++i) {
      const bool is_named = a.child(i).kind() == NodeKind::kNamed, was_named = a.child(0).kind() == NodeKind::kNamed;
      if (is_named != was_named) return true;
      if (is_named && a.child(i).node().text != a.child(0).node().text) return true;
    }
    return false;
  }
  static bool has_names(Part a) { return a.size() > 0 && a.child(0).kind() == NodeKind::kNamed; }

  Verdict compare_collections(Part a, Part b) {
    const bool names_matter = has_several_names(a) || has_several_names(b);
    if (names_matter && (!has_names(a) || !has_names(b))) return Verdict::kUndecided;
    const bool are_sets = a.kind() == NodeKind::kSet && b.kind() == NodeKind::kSet;
    if (!are_sets) return compare_unordered(a, b);
    const Verdict forward = contains_all(a, b);
    if (forward != Verdict::kEqual) return forward;
    return contains_all(b, a);
  }

  // Whether each element of b is one of a.
  Verdict contains_all(Part a, Part b) {
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
  Verdict compare_unordered(Part a, Part b) {
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

  // Other forms of the same condition exist, so that nothing is surely different.
  Verdict compare_relations(Part a, Part b) {
    if (a.node().text != b.node().text) return Verdict::kUndecided;
    if (compare_in_order(a, b) == Verdict::kEqual) return Verdict::kEqual;
    const bool is_symmetric = a.node().text == "=" || a.node().text == "!=";
    const bool is_swapped = is_symmetric && compare(a.child(0), b.child(1)) == Verdict::kEqual &&
                            compare(a.child(1), b.child(0)) == Verdict::kEqual;
    return is_swapped ? Verdict::kEqual : Verdict::kUndecided;
  }

  Work& work_;
};

// Null where nothing can be read; the work is void where what was read has no exact value.
std::optional<Reading> read(std::string_view text, Work& work) {
  auto expression = parse(text, work);
  if (!expression) return std::nullopt;
  Reading reading{std::move(*expression), {}};
  reading.values = evaluate(reading.expression, work);
  return reading;
}

}  // namespace

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kEqual:
      return "equal";
    case Verdict::kDifferent:
      return "different";
    case Verdict::kUndecided:
      return "undecided";
    case Verdict::kUnparsable:
      return "unparsable";
    default:
      return "unparsable gold";
  }
}

Judgement judge(std::string_view gold, std::string_view answer) {
  Work work;
  const auto expected = read(gold, work);
  if (!expected || work.is_void()) return {Verdict::kUnparsableGold, work.spent()};
  const auto given = read(answer, work);
  if (!given) return {work.is_void() ? Verdict::kUndecided : Verdict::kUnparsable, work.spent()};
  if (work.is_void()) return {Verdict::kUndecided, work.spent()};
  const Part left{&*expected, expected->expression.root}, right{&*given, given->expression.root};
  const Verdict verdict = Comparison(work).compare(left, right);
  // Whatever was computed after the budget ran out is void.
  return {work.is_void() ? Verdict::kUndecided : verdict, work.spent()};
}

bool is_gold(std::string_view text) {
  Work work;
  return read(text, work).has_value() && !work.is_void();
}

}  // namespace aha::reward::math
