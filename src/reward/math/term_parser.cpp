// Arithmetic of an answer: sums, products, powers, fractions, roots and functions.
#include <algorithm>

#include "reward/math/recursive_parser.h"

namespace aha::reward::math {

// \pm is whichever sign this pass stands for.
RecursiveParser::Sign RecursiveParser::take_sign() {
  if (take_symbol("+")) return Sign::kPlus;
  if (take_symbol("-")) return Sign::kMinus;
  if (failed_ || !is(TokenKind::kCommand, "pm")) return Sign::kNone;
  ++place_;
  ++num_plus_minus_;
  return plus_minus_;
}

int32_t RecursiveParser::parse_sum() {
  int32_t sum = parse_signed_product(take_sign());
  for (Sign sign = take_sign(); sign != Sign::kNone; sign = take_sign()) {
    sum = put(NodeKind::kAdd, sum, parse_signed_product(sign));
  }
  return sum;
}

int32_t RecursiveParser::parse_signed_product(Sign sign) {
  const int32_t product = parse_product();
  return sign == Sign::kMinus ? put(NodeKind::kNegate, product) : product;
}

// A number times a matrix is a matrix.
int32_t RecursiveParser::put_product(int32_t a, int32_t b) {
  if (failed_ || expression_.at(b).kind != NodeKind::kMatrix) return put(NodeKind::kMultiply, a, b);
  std::vector<int32_t> elements = expression_.at(b).children;
  for (int32_t& element : elements) element = put(NodeKind::kMultiply, a, element);
  const std::string num_columns = failed_ ? "" : expression_.at(b).text;
  return put(NodeKind::kMatrix, num_columns, std::move(elements));
}

int32_t RecursiveParser::parse_product() {
  int32_t product = parse_factor();
  bool is_after_slash = false;
  while (!failed_) {
    if (take_symbol("*")) {
      product = put_product(product, parse_factor());
    } else if (take_symbol("/")) {
      product = put(NodeKind::kDivide, product, parse_factor());
      is_after_slash = true;
    } else if (begins_implicit_factor()) {
      if (is_after_slash && !is(TokenKind::kText)) return fail();  // is 1/2x half of x, or one over 2x?
      product = put_product(product, parse_factor());
    } else {
      break;
    }
  }
  return product;
}

// What may follow a factor with no sign between. No digit but after "!": "x3" and "2 3" say nothing.
bool RecursiveParser::begins_implicit_factor() {
  const bool is_after_factorial = place_ > 0 && tokens_[place_ - 1].text == "!";
  if (!begins_base() && !(is_after_factorial && is(TokenKind::kNumber))) return false;
  // \sin x \cos x is a product; is \sin 2x the sine of 2x, or x times the sine of 2?
  if (is_after_function_ && !is(TokenKind::kFunction)) fail();
  return !failed_;
}

bool RecursiveParser::begins_base() const {
  const std::string& text = token().text;
  switch (token().kind) {
    case TokenKind::kName:
    case TokenKind::kWord:
    case TokenKind::kText:
    case TokenKind::kFunction:
      return true;
    case TokenKind::kCommand:
      return text == "frac" || text == "sqrt" || text == "surd" || text == "binom" || text == "begin";
    case TokenKind::kSymbol:
      return text == "(" || text == "{" || text == "[";
    default:
      return false;
  }
}

int32_t RecursiveParser::parse_factor() {
  const Nesting nesting(*this);
  if (take_symbol("-")) return put(NodeKind::kNegate, parse_factor());
  if (take_symbol("+")) return parse_factor();
  const bool is_integer = is(TokenKind::kNumber) && token().text.find('.') == std::string::npos && digit_ == 0;
  if (is_integer && is(TokenKind::kCommand, "frac", 1)) return parse_integer_before_fraction();
  if (is_integer && is(TokenKind::kNumber, 1)) return parse_plain_mixed_number();
  return parse_postfix(parse_power());
}

bool RecursiveParser::is_whole_literal(int32_t node) const {
  const Node& literal = expression_.at(node);
  return literal.kind == NodeKind::kNumber && literal.text.find('.') == std::string::npos;
}

namespace {

bool is_proper_fraction(const std::string& top, const std::string& bottom) {
  return top.size() < bottom.size() || (top.size() == bottom.size() && top < bottom);
}

}  // namespace

// 1\frac{1}{2} is a mixed number, 2\frac{x}{3} a product, 2\frac{3}{2} could be either.
int32_t RecursiveParser::parse_integer_before_fraction() {
  const int32_t whole = put_leaf(NodeKind::kNumber, take_text());
  const int32_t fraction = parse_power();
  if (failed_) return kNone;
  const Node& parts = expression_.at(fraction);
  if (parts.kind != NodeKind::kDivide) return fail();
  const int32_t top = parts.children[0], bottom = parts.children[1];
  if (!is_whole_literal(top) || !is_whole_literal(bottom)) {
    return parse_postfix(put(NodeKind::kMultiply, whole, fraction));
  }
  if (!is_proper_fraction(expression_.at(top).text, expression_.at(bottom).text)) return fail();
  return parse_postfix(put(NodeKind::kAdd, whole, fraction));
}

// "1 1/2"
int32_t RecursiveParser::parse_plain_mixed_number() {
  const bool is_fraction = token(1).is_spaced && is_symbol("/", 2) && is(TokenKind::kNumber, 3);
  if (!is_fraction || !is_proper_fraction(token(1).text, token(3).text)) return fail();
  const int32_t whole = put_leaf(NodeKind::kNumber, token(0).text);
  const int32_t top = put_leaf(NodeKind::kNumber, token(1).text);
  const int32_t bottom = put_leaf(NodeKind::kNumber, token(3).text);
  const bool is_whole = !failed_ && is_whole_literal(top) && is_whole_literal(bottom);
  if (!is_whole) return fail();
  place_ += 4;
  return parse_postfix(put(NodeKind::kAdd, whole, put(NodeKind::kDivide, top, bottom)));
}

int32_t RecursiveParser::parse_postfix(int32_t value) {
  while (!failed_) {
    if (take_symbol("!")) {
      if (is_symbol("!")) return fail();
      value = put(NodeKind::kFactorial, value);
    } else if (take_symbol("%")) {
      value = put(NodeKind::kDivide, value, put_leaf(NodeKind::kNumber, "100"));
    } else {
      return value;
    }
  }
  return kNone;
}

bool RecursiveParser::take_degree_mark() {
  const bool is_braced = is_symbol("^") && is_symbol("{", 1) && is_symbol("deg", 2) && is_symbol("}", 3);
  const bool is_bare = is_symbol("^") && is_symbol("deg", 1);
  if (is_braced || is_bare) place_ += is_braced ? 4 : 2;
  return is_braced || is_bare;
}

int32_t RecursiveParser::parse_power() {
  const int32_t base = parse_base();
  if (take_degree_mark()) return put(NodeKind::kMultiply, base, put_leaf(NodeKind::kSymbol, "\"degree"));
  if (!take_symbol("^")) return base;
  if (is_after_function_) return fail();  // \ln 2^3
  return put(NodeKind::kPower, base, parse_exponent());
}

int32_t RecursiveParser::parse_exponent() {
  const Nesting nesting(*this);
  if (take_symbol("-")) return put(NodeKind::kNegate, parse_exponent());
  const int32_t base = parse_base();
  return take_symbol("^") ? put(NodeKind::kPower, base, parse_exponent()) : base;
}

int32_t RecursiveParser::parse_base() {
  const Nesting nesting(*this);
  if (failed_) return kNone;
  if (is(TokenKind::kFunction)) return parse_function();
  const int32_t base = parse_plain_base();
  is_after_function_ = false;  // one inside brackets is over with them
  return base;
}

int32_t RecursiveParser::parse_plain_base() {
  switch (token().kind) {
    case TokenKind::kNumber:
      return parse_number();
    case TokenKind::kName:
      return parse_name();
    case TokenKind::kWord:
    case TokenKind::kText:
      return put_leaf(NodeKind::kSymbol, '"' + take_text());
    case TokenKind::kCommand:
      return parse_command();
    default:
      break;
  }
  if (is_symbol("{")) return parse_group_or_set();
  if (is_symbol("\\{")) return parse_set();
  if (is_symbol("(") || is_symbol("[")) return parse_tuple();
  return is_symbol("|") ? parse_absolute() : fail();
}

int32_t RecursiveParser::parse_absolute() {
  expect_symbol("|");
  const int32_t inside = parse_sum();
  expect_symbol("|");
  return put(NodeKind::kAbsolute, inside);
}

// A subscript makes another symbol: x_1, 101_2.
std::string RecursiveParser::take_subscript() {
  if (!take_symbol("_")) return {};
  std::string subscript = "_";
  const bool is_braced = take_symbol("{");
  do {
    if (failed_ || (!is(TokenKind::kNumber) && !is(TokenKind::kName) && !is(TokenKind::kWord))) return fail(), "";
    subscript += take_text();
  } while (is_braced && !is_symbol("}"));
  if (is_braced) expect_symbol("}");
  return subscript;
}

int32_t RecursiveParser::parse_number() {
  if (digit_ > 0) return fail();  // \frac123
  const std::string digits = take_text();
  const std::string subscript = take_subscript();
  return subscript.empty() ? put_leaf(NodeKind::kNumber, digits)
                           : put_leaf(NodeKind::kSymbol, '"' + digits + subscript);
}

int32_t RecursiveParser::parse_name() {
  const std::string name = take_text();
  const std::string subscript = take_subscript();
  if (name == "i" && subscript.empty()) return put_leaf(NodeKind::kImaginary, "");
  return put_leaf(NodeKind::kSymbol, name + subscript);
}

int32_t RecursiveParser::parse_function() {
  std::string name = take_text();
  name += take_subscript();
  int32_t exponent = kNone;
  if (take_symbol("^")) {
    if (is_symbol("-") || (is_symbol("{") && is_symbol("-", 1))) return fail();  // inverse, or one over?
    exponent = parse_base();
  }
  const bool has_brackets = is_symbol("(") || is_symbol("{");
  int32_t argument = parse_base();
  const bool is_in_degrees = !has_brackets && take_degree_mark();  // \sin 30^\circ
  if (is_in_degrees) argument = put(NodeKind::kMultiply, argument, put_leaf(NodeKind::kSymbol, "\"degree"));
  int32_t value = put(NodeKind::kFunction, name, {argument});
  if (exponent != kNone) value = put(NodeKind::kPower, value, exponent);
  is_after_function_ = !has_brackets;
  return value;
}

int32_t RecursiveParser::parse_command() {
  const std::string name = take_text();
  if (name == "infty") return put_leaf(NodeKind::kInfinity, "");
  if (name == "begin") return parse_matrix();
  if (name == "sqrt") return parse_root();
  if (name == "frac" || name == "binom") {
    const int32_t top = parse_argument();
    const int32_t bottom = parse_argument();
    return put(name == "frac" ? NodeKind::kDivide : NodeKind::kBinomial, top, bottom);
  }
  // √12 and sqrt(12) take the whole number or bracket.
  const bool has_radicand = is(TokenKind::kNumber) || is(TokenKind::kName) || is_symbol("(") || is_symbol("{");
  if (name != "surd" || !has_radicand) return fail();
  const int32_t radicand = parse_base();
  return put(NodeKind::kRoot, radicand, put_leaf(NodeKind::kNumber, "2"));
}

int32_t RecursiveParser::parse_root() {
  int32_t degree = kNone;
  if (take_symbol("[")) {
    degree = parse_sum();
    expect_symbol("]");
  }
  const int32_t radicand = is_symbol("(") ? parse_base() : parse_argument();
  if (degree == kNone) degree = put_leaf(NodeKind::kNumber, "2");
  return put(NodeKind::kRoot, radicand, degree);
}

// TeX takes one digit where there is no brace; the rest of a longer number is left over, and fails.
int32_t RecursiveParser::parse_argument() {
  if (failed_ || is_symbol("(")) return fail();
  if (!is(TokenKind::kNumber)) return parse_base();
  const std::string& number = token().text;
  if (number.find('.') != std::string::npos) return fail();
  const std::string digit = number.substr(digit_, 1);
  if (++digit_ == number.size()) {
    ++place_;
    digit_ = 0;
  }
  return put_leaf(NodeKind::kNumber, digit);
}

}  // namespace aha::reward::math
