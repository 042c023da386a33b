// An answer that was read, and its parts.
#pragma once
#include <set>
#include <string>

#include "reward/math/expression.h"
#include "reward/math/value.h"

namespace aha::reward::math {

/// An expression with its values.
struct Reading {
  Expression expression;
  std::vector<Value> values;
  const Node& at(int32_t index) const { return expression.nodes[index]; }
};

/// A node of a reading, with what stands below it.
struct Part {
  const Reading* reading;
  int32_t index;
  const Node& node() const { return reading->at(index); }
  NodeKind kind() const { return node().kind; }
  const Value& value() const { return reading->values[index]; }
  Part child(size_t i) const { return {reading, node().children[i]}; }
  size_t size() const { return node().children.size(); }
};

/// Free variables ("x", "alpha") and words ("\"cm") in a part.
struct Symbols {
  std::set<std::string> variables, words;
  bool has_bare_logarithm = false;  // \log: of base ten or natural
  bool has_pi = false, has_e = false;
  bool is_of_whole_numbers = false;  // n! or a binomial of variables
};
Symbols symbols_of(const Part& part);

/// kEqual, kDifferent or kUndecided, for two scalars: by exact values, else by residues, magnitudes and enclosures.
/// Different is always certain. Equal is so for exact values; by residues it is wrong with a probability below 2^-100,
/// by enclosures only where two expressions agree, at every point tried, far beyond the size of all their parts.
Verdict compare_scalars(const Part& a, const Part& b, Work& work);

}  // namespace aha::reward::math
