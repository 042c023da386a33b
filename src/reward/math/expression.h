// What an answer says, as a tree laid out in one vector: children stand before their parents.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace aha::reward::math {

enum class NodeKind {
  kNumber,  // text: a decimal, e.g. "0.1(6)" with the digits that repeat
  kSymbol,  // text: as in Monomial
  kImaginary,
  kInfinity,
  kNegate,
  kAdd,
  kMultiply,
  kDivide,
  kPower,
  kRoot,  // children: radicand, degree
  kFactorial,
  kBinomial,
  kAbsolute,
  kFunction,  // text: name; one child
  kNamed,     // text: name; "x = child", with the symbol x as second child where it is a variable
  kRelation,  // text: the operators, e.g. "<<=" between three children is two of them: "<", "<="
  kTuple,     // text: its two brackets, e.g. "[)"
  kSet,
  kList,  // without brackets
  kUnion,
  kMatrix,  // text: number of columns; children row by row
};

struct Node {
  NodeKind kind;
  std::string text;
  std::vector<int32_t> children;
};

struct Expression {
  std::vector<Node> nodes;
  int32_t root = -1;
  const Node& at(int32_t index) const { return nodes[index]; }
};

}  // namespace aha::reward::math
