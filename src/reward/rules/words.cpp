// One pass each.
#include "reward/rules/words.h"

#include <algorithm>
#include <string>

#include "reward/code_points.h"
#include "reward/rules/letter_case.h"

namespace aha::reward {
namespace {

constexpr std::string_view kAbbreviations[] = {"mr",   "mrs", "ms",   "dr",  "prof", "st",  "jr",   "sr", "vs",
                                               "e.g",  "i.e", "etc",  "inc", "ltd",  "co",  "corp", "no", "fig",
                                               "gen",  "col", "capt", "lt",  "sgt",  "rev", "hon",  "mt", "approx",
                                               "dept", "ed",  "vol",  "u.s", "a.m",  "p.m", "ph.d", "al"};

bool is_terminator(char32_t c) { return c == '.' || c == '?' || c == '!' || c == 0x2026; }
bool is_wide_terminator(char32_t c) { return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0x964; }
bool is_closer(char32_t c) {
  return c == '"' || c == '\'' || c == ')' || c == ']' || c == '}' || c == '*' || c == '_' || c == 0x2019 ||
         c == 0x201D || c == 0xBB || c == 0x300D || c == 0xFF09;
}

class SentenceCounter {
 public:
  explicit SentenceCounter(std::string_view text) : text_(text) {}

  int64_t run() {
    while (place_ < text_.size()) {
      const size_t begin = place_;
      const char32_t c = next_code_point(text_, place_);
      if (is_terminator(c)) {
        take_terminators(begin);
      } else if (is_wide_terminator(c)) {
        end_sentence();
      } else {
        take(c, begin);
      }
    }
    end_sentence();
    return count_;
  }

 private:
  void take(char32_t c, size_t begin) {
    if (is_word_character(c)) has_word_ = true;
    if (!is_space(c)) return;
    token_ = place_;
    if (c == '\n' || begin == 0) line_ = place_;
  }

  char32_t peek() const {
    size_t next = place_;
    return next < text_.size() ? next_code_point(text_, next) : U' ';
  }
  void skip(bool (*is_one)(char32_t)) {
    while (place_ < text_.size() && is_one(peek())) next_code_point(text_, place_);
  }

  void take_terminators(size_t begin) {
    skip(is_terminator);
    const std::string_view marks = text_.substr(begin, place_ - begin);
    skip(is_closer);
    if (!is_space(peek())) return;
    if (marks == "." && !ends_by_period(text_.substr(token_, begin - token_))) return;
    if ((marks.starts_with("..") || marks == "\u2026") && is_before_small_letter()) return;
    end_sentence();
  }

  bool ends_by_period(std::string_view token) const {
    if (trailing_space_only()) return true;
    while (!token.empty() && std::string_view("(\"'*_[").find(token.front()) != std::string_view::npos)
      token.remove_prefix(1);
    const bool is_number = !token.empty() && token.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_number && text_.substr(line_, token_ - line_).find_first_not_of(" \t*#>") == std::string_view::npos)
      return false;
    if (token.size() == 1 && token[0] >= 'A' && token[0] <= 'Z') return token[0] == 'I';
    return std::find(std::begin(kAbbreviations), std::end(kAbbreviations), lower_case(token.substr(0, 8))) ==
           std::end(kAbbreviations);
  }
  bool trailing_space_only() const { return text_.find_first_not_of(" \t\r\n", place_) == std::string_view::npos; }
  bool is_before_small_letter() const {
    size_t next = text_.find_first_not_of(" \t\r\n", place_);
    if (next == std::string_view::npos) return false;
    const size_t begin = next;
    next_code_point(text_, next);
    return is_all_lower(text_.substr(begin, next - begin));
  }

  void end_sentence() {
    count_ += has_word_;
    has_word_ = false;
  }

  std::string_view text_;
  size_t place_ = 0, token_ = 0, line_ = 0;  // the next byte; where the word and the line that go on here begin
  bool has_word_ = false;
  int64_t count_ = 0;
};

bool joins_words(char32_t c) { return c == '-' || c == '\'' || c == '.' || c == 0x2019 || c == 0x2011; }

}  // namespace

int64_t count_written_words(std::string_view text) {
  int64_t count = 0;
  bool is_inside = false;
  for (size_t place = 0; place < text.size();) {
    const bool is_word = is_word_character(next_code_point(text, place));
    count += is_word && !is_inside;
    is_inside = is_word;
  }
  return count;
}

int64_t count_capital_words(std::string_view text) {
  int64_t count = 0;
  std::string word;
  const auto end_word = [&] {
    count += is_all_upper(word);
    word.clear();
  };
  for (size_t place = 0; place < text.size();) {
    const char32_t c = next_code_point(text, place);
    if (is_word_character(c)) {
      append_utf8(word, c);
      continue;
    }
    size_t next = place;
    const bool goes_on =
        !word.empty() && joins_words(c) && place < text.size() && is_word_character(next_code_point(text, next));
    if (!goes_on) end_word();
  }
  end_word();
  return count;
}

int64_t count_sentences(std::string_view text) { return SentenceCounter(text).run(); }

}  // namespace aha::reward
