// Answers that are compared as text.
#include "reward/answer_text.h"

#include "reward/code_points.h"

namespace aha::reward {

std::string normalised_text(std::string_view text) {
  std::string result;
  bool is_spaced = false;
  for (size_t place = 0; place < text.size();) {
    const char32_t code_point = next_code_point(text, place);
    if (is_invisible(code_point)) continue;
    if (is_space(code_point)) {
      is_spaced = true;
      continue;
    }
    if (is_spaced && !result.empty()) result += ' ';
    is_spaced = false;
    const int digit = digit_value(code_point);
    append_utf8(result, digit >= 0 ? static_cast<char32_t>('0' + digit) : plain_form(code_point));
  }
  if (result.size() > 1 && result.back() == '.') result.pop_back();
  while (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

}  // namespace aha::reward
