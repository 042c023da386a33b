// One pass; each kind of closing mark is looked for from where the last search ended, never twice.
#include "reward/prose.h"

#include "reward/extract.h"

namespace aha::reward {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// First place of a mark at or after a rising position; each byte is looked at once.
class Finder {
 public:
  Finder(std::string_view text, std::string_view mark) : text_(text), mark_(mark) {}
  size_t from(size_t position) {
    if (found_ == kNone || (found_ != std::string_view::npos && found_ < position))
      found_ = text_.find(mark_, position);
    return found_;
  }

 private:
  static constexpr size_t kNone = std::string_view::npos - 1;
  std::string_view text_, mark_;
  size_t found_ = kNone;
};

class Stripper {
 public:
  explicit Stripper(std::string_view text) : text_(text) {}

  std::string run() {
    while (place_ < text_.size()) {
      const size_t end = end_of_span();
      if (end == std::string_view::npos) {
        prose_ += text_[place_++];
      } else {
        prose_ += ' ';
        place_ = end;
      }
    }
    return std::move(prose_);
  }

 private:
  bool starts(std::string_view mark) const { return text_.substr(place_).starts_with(mark); }

  // End of the code or formula that begins here, or npos.
  size_t end_of_span() {
    switch (text_[place_]) {
      case '`':
        return starts("```") ? closed_by(fence_, 3, 3) : closed_by(backtick_, 1, 1);
      case '\\':
        return end_of_command();
      case '$':
        return starts("$$") ? closed_by(dollars_, 2, 2) : end_of_dollar();
      default:
        return std::string_view::npos;
    }
  }

  size_t closed_by(Finder& finder, size_t opening, size_t closing) {
    const size_t found = finder.from(place_ + opening);
    return found == std::string_view::npos ? found : found + closing;
  }

  // A stray mark must not swallow the paragraphs up to the next one.
  size_t on_this_line(size_t end) {
    return end != std::string_view::npos && newline_.from(place_) < end ? std::string_view::npos : end;
  }

  size_t end_of_command() {
    if (starts("\\(")) return closed_by(round_, 2, 2);
    if (starts("\\[")) return closed_by(square_, 2, 2);
    size_t end = place_ + 1;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    return end;
  }

  size_t end_of_dollar() {
    if (place_ + 1 >= text_.size() || is_ascii_space(text_[place_ + 1])) return std::string_view::npos;
    if (closing_dollar_ <= place_) closing_dollar_ = next_closing_dollar(place_ + 1);
    return closing_dollar_ == std::string_view::npos ? closing_dollar_ : on_this_line(closing_dollar_ + 1);
  }

  size_t next_closing_dollar(size_t from) const {
    for (size_t i = from; i < text_.size(); ++i) {
      const bool is_followed_by_digit = i + 1 < text_.size() && is_digit(text_[i + 1]);
      if (text_[i] == '$' && !is_ascii_space(text_[i - 1]) && text_[i - 1] != '\\' && !is_followed_by_digit) return i;
    }
    return std::string_view::npos;
  }

  std::string_view text_;
  size_t place_ = 0;
  size_t closing_dollar_ = 0;
  Finder newline_{text_, "\n"};
  Finder fence_{text_, "```"}, backtick_{text_, "`"}, dollars_{text_, "$$"}, round_{text_, "\\)"},
      square_{text_, "\\]"};
  std::string prose_;
};

}  // namespace

std::string prose_of(std::string_view text) { return Stripper(text).run(); }

}  // namespace aha::reward
