// One pass over the text with a look ahead of a few bytes.
#include "reward/math/lexer.h"

#include <algorithm>
#include <array>

#include "reward/math/vocabulary.h"

namespace aha::reward::math {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_bracket(const Token& token) {
  return token.kind == TokenKind::kSymbol && std::string_view("()[]{}").find(token.text[0]) != std::string_view::npos;
}

bool is_edge(const Token& token) {
  return token.kind == TokenKind::kSeparator || token.kind == TokenKind::kRelation || token.kind == TokenKind::kEnd;
}

// Alone in its item, or after a number and a space ("5 cm"), a word is a word; in a term "xy" is x times y.
bool is_whole_word(const std::vector<Token>& tokens, size_t i) {
  const std::string& text = tokens[i].text;
  if (text.size() > 3 || std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) return true;
  if (i == 0) return is_edge(tokens[i + 1]);
  const Token &before = tokens[i - 1], &after = tokens[i + 1];
  if (before.kind == TokenKind::kNumber && tokens[i].is_spaced) return true;
  return (is_edge(before) && (is_edge(after) || is_bracket(after))) || (is_bracket(before) && is_edge(after));
}

std::vector<Token> split_words(const std::vector<Token>& tokens) {
  std::vector<Token> result;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind != TokenKind::kWord || is_whole_word(tokens, i)) {
      result.push_back(tokens[i]);
      continue;
    }
    for (const char c : tokens[i].text) {
      result.push_back({TokenKind::kName, c == 'e' ? std::string("#e") : std::string(1, c), tokens[i].is_spaced});
    }
  }
  return result;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  std::optional<std::vector<Token>> run() {
    while (place_ < text_.size() && !failed_) step();
    if (failed_) return std::nullopt;
    put(TokenKind::kEnd, "");
    return split_words(tokens_);
  }

 private:
  char at(size_t offset) const { return place_ + offset < text_.size() ? text_[place_ + offset] : '\0'; }
  bool starts(std::string_view prefix) const { return text_.substr(place_).starts_with(prefix); }
  void fail() { failed_ = true; }

  void put(TokenKind kind, std::string_view text) {
    tokens_.push_back({kind, std::string(text), is_spaced_});
    is_spaced_ = false;
  }

  void step() {
    const char c = at(0);
    if (c == ' ' || c == '~') {
      ++place_;
      is_spaced_ = true;
    } else if (c == '$') {
      ++place_;
    } else if (is_digit(c) || (c == '.' && is_digit(at(1)))) {
      read_number();
    } else if (is_letter(c)) {
      read_word();
    } else if (c == '\\') {
      read_command();
    } else {
      read_symbol();
    }
  }

  // Whether exactly three digits stand `offset` bytes on.
  bool has_group(size_t offset) const {
    return is_digit(at(offset)) && is_digit(at(offset + 1)) && is_digit(at(offset + 2)) && !is_digit(at(offset + 3));
  }

  // Length of a thousands separator here, or 0. A bare comma inside brackets separates items instead.
  size_t thousands_separator() const {
    for (const std::string_view mark : {"{,}", "\\,", ",\\!", ","}) {
      if (mark == "," && depth_ > 0) continue;
      if (starts(mark) && has_group(mark.size())) return mark.size();
    }
    return 0;
  }

  void read_number() {
    std::string digits;
    while (is_digit(at(0))) digits += text_[place_++];
    if (!digits.empty() && digits.size() <= 3 && digits[0] != '0') {
      for (size_t gap = thousands_separator(); gap > 0; gap = thousands_separator()) {
        digits += text_.substr(place_ + gap, 3);
        place_ += gap + 3;
      }
    }
    if (at(0) == '.' && (is_digit(at(1)) || !digits.empty())) {
      digits += text_[place_++];
      while (is_digit(at(0))) digits += text_[place_++];
      if (at(0) == '.') fail();  // an ellipsis, or two points
      digits += repeating_digits();
    }
    const bool is_exponent = is_digit(at(1)) || ((at(1) == '-' || at(1) == '+') && is_digit(at(2)));
    if (lower(at(0)) == 'e' && is_exponent) fail();  // 1e-3, or 1·e − 3
    put(TokenKind::kNumber, digits);
  }

  // "\overline{3}" after the point, as "(3)".
  std::string repeating_digits() {
    constexpr std::string_view kOverline = "\\overline{";
    if (!starts(kOverline)) return {};
    const size_t begin = place_ + kOverline.size(), end = text_.find_first_not_of("0123456789", begin);
    if (end == std::string_view::npos || end == begin || text_[end] != '}') return fail(), "";
    place_ = end + 1;
    std::string repeated = "(";
    return repeated.append(text_.substr(begin, end - begin)).append(")");
  }

  void read_word() {
    const size_t start = place_;
    while (is_letter(at(0))) ++place_;
    put_word(text_.substr(start, place_ - start));
  }

  void put_word(std::string_view word) {
    if (word == "pi") return put(TokenKind::kName, "#pi");
    if (word == "e") return put(TokenKind::kName, "#e");
    if (word.size() == 1) return put(TokenKind::kName, word);
    if (word == "sqrt") return put(TokenKind::kCommand, "surd");
    if (word == "and" || word == "or") return put(TokenKind::kSeparator, "and");
    if (word == "percent") return put(TokenKind::kSymbol, "%");
    if (word == "inf" || word == "infinity") return put(TokenKind::kCommand, "infty");
    put(is_function(word) ? TokenKind::kFunction : TokenKind::kWord, word);
  }

  void read_command() {
    size_t length = 1;
    while (is_letter(at(length)) && (at(length) & 0x80) == 0) ++length;
    if (length == 1) ++length;
    const std::string_view name = text_.substr(place_ + 1, length - 1);
    place_ += std::min(length, text_.size() - place_);
    if (is_silent(name) || name == "[" || name == "]") {
      is_spaced_ = true;
    } else if (is_textual(name)) {
      read_text();
    } else if (name == "begin" || name == "end") {
      read_matrix_mark(name);
    } else if (name == "\\") {
      put(TokenKind::kSymbol, "\\\\");
    } else if (is_function(name)) {
      put(TokenKind::kFunction, name);
    } else if (is_greek(name)) {
      put(TokenKind::kName, name);
    } else {
      put_command(name);
    }
  }

  void put_command(std::string_view name) {
    if (name == "boxed") return;  // its braces group
    if (name == "degree") return put(TokenKind::kSymbol, "^"), put(TokenKind::kSymbol, "deg");
    const Command* command = find_command(name);
    if (!command) return fail();
    if (command->text == "\\{" || command->text == "(") ++depth_;
    if (command->text == "\\}" || command->text == ")") --depth_;
    put(command->kind, command->text);
  }

  // \begin{pmatrix}, \begin{array}{cc}, \end{pmatrix}
  void read_matrix_mark(std::string_view mark) {
    const auto in_braces = [this] {
      const size_t end = at(0) == '{' ? text_.find('}', place_) : std::string_view::npos;
      if (end == std::string_view::npos) return fail(), std::string_view();
      const std::string_view inside = text_.substr(place_ + 1, end - place_ - 1);
      place_ = end + 1;
      return inside;
    };
    const std::string_view name = in_braces();
    if (!is_matrix(name)) return fail();
    if (name == "array" && mark == "begin") in_braces();
    depth_ += mark == "begin" ? 1 : -1;
    put(TokenKind::kCommand, mark);
  }

  // \text{…}: words stay words, numbers are read as mathematics.
  void read_text() {
    while (at(0) == ' ') ++place_;
    const size_t end = text_.find_first_of("{}", place_ + 1);
    if (at(0) != '{' || end == std::string_view::npos || text_[end] != '}') return fail();
    const std::string_view inside = text_.substr(place_ + 1, end - place_ - 1);
    const std::string words = words_of(inside);
    const size_t first = inside.find_first_not_of(' ');
    const std::string_view word =
        inside.substr(std::min(first, inside.size()), inside.find_last_not_of(' ') + 1 - first);
    if (word == "and" || word == "or") {
      put(TokenKind::kSeparator, "and");
    } else if (!words.empty()) {
      put(TokenKind::kText, words);
    } else if (!word.empty()) {
      return;  // goes on with the brace, which groups
    }
    place_ = end + 1;
  }

  void read_symbol() {
    if (starts("**")) return place_ += 2, put(TokenKind::kSymbol, "^");
    for (const std::string_view relation : {"<=", ">=", "!=", "==", "=", "<", ">"}) {
      if (!starts(relation)) continue;
      place_ += relation.size();
      return put(TokenKind::kRelation, relation == "==" ? "=" : relation);
    }
    const char c = text_[place_++];
    if (c == ',' || c == ';') return put(TokenKind::kSeparator, std::string_view(&c, 1));
    if (std::string_view("+-*/^_!%()[]{}|&").find(c) == std::string_view::npos) return fail();
    count_brackets(c);
    put(TokenKind::kSymbol, std::string_view(&c, 1));
  }

  // A brace after a command, ^ or _ is an argument; elsewhere it may be a set.
  void count_brackets(char c) {
    if (c == '(' || c == '[') ++depth_;
    if (c == ')' || c == ']') --depth_;
    if (c == '}') {
      if (!braces_.empty()) {
        depth_ -= braces_.back();
        braces_.pop_back();
      }
    } else if (c == '{') {
      const bool is_argument =
          !tokens_.empty() && (tokens_.back().kind == TokenKind::kCommand || tokens_.back().text == "^" ||
                               tokens_.back().text == "_" || tokens_.back().text == "}");
      braces_.push_back(is_argument ? 0 : 1);
      depth_ += braces_.back();
    }
  }

  std::string_view text_;
  size_t place_ = 0;
  int depth_ = 0;  // of brackets in which a comma separates items
  std::vector<int> braces_;
  std::vector<Token> tokens_;
  bool is_spaced_ = false;
  bool failed_ = false;
};

bool is_reserved(std::string_view word) {
  constexpr std::array<std::string_view, 6> kReserved = {"pi", "sqrt", "and", "or", "inf", "infinity"};
  return std::find(kReserved.begin(), kReserved.end(), word) != kReserved.end() || is_function(word);
}

// The inside of \text{…} where that is all there is.
std::string_view unwrapped(std::string_view text) {
  if (!text.starts_with('\\') || !text.ends_with('}')) return text;
  const size_t open = text.find('{');
  if (open == std::string_view::npos || !is_textual(text.substr(1, open - 1))) return text;
  return text.substr(open + 1, text.size() - open - 2);
}

}  // namespace

std::optional<std::vector<Token>> tokenize(std::string_view normalised) { return Lexer(normalised).run(); }

std::string words_of(std::string_view normalised) {
  std::string words;
  bool has_word = false;
  const std::string_view text = unwrapped(normalised);
  for (size_t i = 0; i < text.size();) {
    if (is_letter(text[i])) {
      const size_t start = i;
      while (i < text.size() && is_letter(text[i])) words += lower(text[i++]);
      const std::string_view word = text.substr(start, i - start);
      has_word |= word.size() > 1 && !is_reserved(word);
      continue;
    }
    const bool is_hyphen =
        text[i] == '-' && i > 0 && is_letter(text[i - 1]) && i + 1 < text.size() && is_letter(text[i + 1]);
    if (!is_hyphen && std::string_view(" '.").find(text[i]) == std::string_view::npos) return {};
    if (text[i] != ' ' || (!words.empty() && words.back() != ' ')) words += text[i];
    ++i;
  }
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return has_word ? words : std::string();
}

}  // namespace aha::reward::math
