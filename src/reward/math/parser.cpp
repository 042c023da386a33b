// Structure of an answer: items, names, relations, tuples and sets.
#include "reward/math/parser.h"

#include <algorithm>
#include <tuple>

#include "reward/math/normalise.h"
#include "reward/math/recursive_parser.h"

namespace aha::reward::math {

std::optional<Expression> parse(std::string_view answer, Work& work) {
  const auto text = normalise(answer);
  if (!text || text->empty() || !work.charge(static_cast<int64_t>(answer.size()))) return std::nullopt;
  if (const std::string words = words_of(*text); !words.empty()) {
    return Expression{{{NodeKind::kSymbol, '"' + words, {}}}, 0};
  }
  auto tokens = tokenize(*text);
  if (!tokens) return std::nullopt;
  return RecursiveParser(std::move(*tokens), work).run();
}

std::optional<Expression> RecursiveParser::run() {
  expression_.root = parse_items();
  if (failed_ || !is(TokenKind::kEnd)) return std::nullopt;
  return std::move(expression_);
}

bool RecursiveParser::take_symbol(std::string_view text) {
  if (failed_ || !is_symbol(text)) return false;
  ++place_;
  return true;
}

void RecursiveParser::expect_symbol(std::string_view text) {
  if (!take_symbol(text)) fail();
}

int32_t RecursiveParser::fail() {
  failed_ = true;
  place_ = tokens_.size() - 1;
  return kNone;
}

int32_t RecursiveParser::put(NodeKind kind, std::string text, std::vector<int32_t> children) {
  if (failed_ || expression_.nodes.size() >= kMaxNodes || !work_.charge(16)) return fail();
  expression_.nodes.push_back({kind, std::move(text), std::move(children)});
  return static_cast<int32_t>(expression_.nodes.size()) - 1;
}

int32_t RecursiveParser::parse_items() {
  std::vector<int32_t> items;
  parse_item(items);
  while (is(TokenKind::kSeparator) && !failed_) {
    ++place_;
    if (is(TokenKind::kSeparator, "and")) ++place_;  // "1, 2, and 3"
    parse_item(items);
  }
  return items.size() == 1 ? items[0] : put(NodeKind::kList, "", std::move(items));
}

// An item with a \pm is two.
void RecursiveParser::parse_item(std::vector<int32_t>& items) {
  const size_t start = place_;
  num_plus_minus_ = 0;
  plus_minus_ = Sign::kPlus;
  items.push_back(parse_named());
  if (num_plus_minus_ == 0 || failed_) return;
  if (num_plus_minus_ > 1) {  // which signs go together is not said
    fail();
    return;
  }
  place_ = start;
  plus_minus_ = Sign::kMinus;
  items.push_back(parse_named());
}

int32_t RecursiveParser::parse_named() {
  if (is(TokenKind::kName) && (is(TokenKind::kRelation, "=", 1) || is(TokenKind::kCommand, "in", 1))) {
    return parse_value_of(token().text, 2);
  }
  const bool is_call = is(TokenKind::kName) && is_symbol("(", 1) && is(TokenKind::kName, 2) && is_symbol(")", 3);
  if (is_call && is(TokenKind::kRelation, "=", 4)) return parse_value_of(token().text + "()", 5);
  return parse_relation();
}

int32_t RecursiveParser::parse_value_of(const std::string& name, size_t num_tokens) {
  const bool is_variable = num_tokens == 2 && is(TokenKind::kRelation, 1) && name[0] != '#' && name != "i";
  place_ += num_tokens;
  const int32_t value = parse_union();
  if (is(TokenKind::kRelation)) return fail();  // x = 2 + 3 = 5
  if (!is_variable) return put(NodeKind::kNamed, name, {value});
  return put(NodeKind::kNamed, name, {value, put_leaf(NodeKind::kSymbol, name)});
}

int32_t RecursiveParser::parse_relation() {
  std::vector<int32_t> sides = {parse_union()};
  std::vector<std::string> signs;
  while (is(TokenKind::kRelation) && !failed_) {
    signs.push_back(take_text());
    sides.push_back(parse_union());
  }
  if (signs.empty()) return sides[0];
  if (signs[0][0] == '>') {  // a > b is b < a
    std::reverse(sides.begin(), sides.end());
    std::reverse(signs.begin(), signs.end());
    for (std::string& sign : signs) sign[0] = sign[0] == '>' ? '<' : '?';
  }
  const bool is_chain = std::all_of(signs.begin(), signs.end(), [](const auto& sign) { return sign[0] == '<'; });
  const bool is_single = signs.size() == 1 && (signs[0] == "=" || signs[0] == "!=");
  if (!is_chain && !is_single) return fail();
  std::string text = signs[0];
  for (size_t i = 1; i < signs.size(); ++i) text += ' ' + signs[i];
  return put(NodeKind::kRelation, text, std::move(sides));
}

int32_t RecursiveParser::parse_union() {
  std::vector<int32_t> parts = {parse_sum()};
  while (is(TokenKind::kCommand, "cup") && !failed_) {
    ++place_;
    parts.push_back(parse_sum());
  }
  return parts.size() == 1 ? parts[0] : put(NodeKind::kUnion, "", std::move(parts));
}

// Elements between brackets; a \pm in them belongs to the item around the brackets.
std::vector<int32_t> RecursiveParser::parse_elements() {
  std::vector<int32_t> elements = {parse_named()};
  while ((is(TokenKind::kSeparator, ",") || is(TokenKind::kSeparator, ";")) && !failed_) {
    ++place_;
    elements.push_back(parse_named());
  }
  return elements;
}

// {x} groups, {x, y} is a set written without backslashes.
int32_t RecursiveParser::parse_group_or_set() {
  expect_symbol("{");
  std::vector<int32_t> elements = parse_elements();
  expect_symbol("}");
  if (elements.size() == 1) return failed_ ? kNone : elements[0];
  return put(NodeKind::kSet, "", std::move(elements));
}

int32_t RecursiveParser::parse_set() {
  expect_symbol("\\{");
  if (take_symbol("\\}")) return put_leaf(NodeKind::kSymbol, "\"emptyset");
  const auto outer = std::make_pair(num_plus_minus_, plus_minus_);
  std::vector<int32_t> elements;
  parse_item(elements);
  while ((is(TokenKind::kSeparator, ",") || is(TokenKind::kSeparator, ";")) && !failed_) {
    ++place_;
    parse_item(elements);
  }
  std::tie(num_plus_minus_, plus_minus_) = outer;
  expect_symbol("\\}");
  return put(NodeKind::kSet, "", std::move(elements));
}

// Rows of equal length; an empty last row does not count.
int32_t RecursiveParser::parse_matrix() {
  std::vector<int32_t> elements;
  size_t num_columns = 0, num_in_row = 0;
  const auto end_row = [&] {
    if (num_columns == 0) num_columns = num_in_row;
    if (num_in_row != num_columns) fail();
    num_in_row = 0;
  };
  while (!failed_ && !is(TokenKind::kCommand, "end")) {
    elements.push_back(parse_named());
    ++num_in_row;
    if (take_symbol("&")) continue;
    end_row();
    if (!take_symbol("\\\\")) break;
  }
  if (failed_ || elements.empty() || num_in_row != 0 || !is(TokenKind::kCommand, "end")) return fail();
  ++place_;
  return put(NodeKind::kMatrix, std::to_string(num_columns), std::move(elements));
}

int32_t RecursiveParser::parse_tuple() {
  std::string brackets = take_text();
  std::vector<int32_t> elements = parse_elements();
  if (!is_symbol(")") && !is_symbol("]")) return fail();
  brackets += take_text();
  const bool is_matrix = elements.size() == 1 && !failed_ && expression_.at(elements[0]).kind == NodeKind::kMatrix;
  if (is_matrix && (brackets == "()" || brackets == "[]")) return elements[0];
  if (elements.size() == 1 && brackets == "()") return failed_ ? kNone : elements[0];
  if (elements.size() == 1 && brackets != "[]") return fail();
  return put(NodeKind::kTuple, brackets, std::move(elements));
}

}  // namespace aha::reward::math
