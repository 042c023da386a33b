// The recursive descent behind parse(): structure in parser.cpp, arithmetic in term_parser.cpp.
//
//   answer   := item (separator item)*
//   item     := relation-or-value, read once with each sign where it holds a \pm
//   named    := name "=" union | name "\in" union | relation
//   relation := union (relation-sign union)*
//   union    := sum (\cup sum)*
//   sum      := [sign] product (sign product)*
//   product  := factor (("*" | "/" | nothing) factor)*
//   factor   := sign factor | mixed number | power postfix*
//   power    := base ["^" exponent]
#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reward/math/expression.h"
#include "reward/math/lexer.h"
#include "reward/math/parser.h"

namespace aha::reward::math {

class RecursiveParser {
 public:
  RecursiveParser(std::vector<Token> tokens, Work& work) : tokens_(std::move(tokens)), work_(work) {}
  std::optional<Expression> run();

 private:
  static constexpr int32_t kNone = -1;
  enum class Sign { kNone, kPlus, kMinus };

  // Counts open calls; a text nested too deep fails instead of using up the stack.
  class Nesting {
   public:
    explicit Nesting(RecursiveParser& parser) : parser_(parser) {
      if (++parser_.depth_ > kMaxDepth) parser_.fail();
    }
    ~Nesting() { --parser_.depth_; }

   private:
    RecursiveParser& parser_;
  };

  const Token& token(size_t ahead = 0) const { return tokens_[std::min(place_ + ahead, tokens_.size() - 1)]; }
  bool is(TokenKind kind, size_t ahead = 0) const { return token(ahead).kind == kind; }
  bool is(TokenKind kind, std::string_view text, size_t ahead = 0) const {
    return token(ahead).kind == kind && token(ahead).text == text;
  }
  bool is_symbol(std::string_view text, size_t ahead = 0) const { return is(TokenKind::kSymbol, text, ahead); }
  bool take_symbol(std::string_view text);
  void expect_symbol(std::string_view text);
  const std::string& take_text() { return tokens_[place_++].text; }
  // After a failure nothing is read any more, so that every loop ends.
  int32_t fail();
  int32_t put(NodeKind kind, std::string text, std::vector<int32_t> children);
  int32_t put(NodeKind kind, int32_t a) { return put(kind, "", {a}); }
  int32_t put(NodeKind kind, int32_t a, int32_t b) { return put(kind, "", {a, b}); }
  int32_t put_leaf(NodeKind kind, std::string text) { return put(kind, std::move(text), {}); }

  int32_t parse_items();
  void parse_item(std::vector<int32_t>& items);
  int32_t parse_named();
  int32_t parse_value_of(const std::string& name, size_t num_tokens);
  int32_t parse_relation();
  int32_t parse_union();
  int32_t parse_group_or_set();
  int32_t parse_set();
  int32_t parse_matrix();
  int32_t parse_tuple();
  std::vector<int32_t> parse_elements();

  Sign take_sign();
  int32_t parse_sum();
  int32_t parse_signed_product(Sign sign);
  int32_t put_product(int32_t a, int32_t b);
  int32_t parse_product();
  bool begins_implicit_factor();
  bool begins_base() const;
  int32_t parse_factor();
  int32_t parse_integer_before_fraction();
  int32_t parse_plain_mixed_number();
  int32_t parse_postfix(int32_t value);
  bool take_degree_mark();
  int32_t parse_power();
  int32_t parse_exponent();
  int32_t parse_base();
  int32_t parse_plain_base();
  std::string take_subscript();
  int32_t parse_number();
  int32_t parse_name();
  int32_t parse_function();
  int32_t parse_command();
  int32_t parse_root();
  int32_t parse_argument();
  int32_t parse_absolute();
  bool is_whole_literal(int32_t node) const;

  std::vector<Token> tokens_;
  Work& work_;
  Expression expression_;
  size_t place_ = 0;
  size_t digit_ = 0;  // digits of the number at place_ that TeX arguments took already
  int depth_ = 0;
  bool failed_ = false;
  bool is_after_function_ = false;  // the last base was a function of an argument without brackets
  int num_plus_minus_ = 0;          // \pm signs of the item so far
  Sign plus_minus_ = Sign::kPlus;   // what they stand for in this pass
};

}  // namespace aha::reward::math
