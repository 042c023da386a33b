// Upper and lower case of any script, by the tables of utf8proc.
#include "reward/rules/letter_case.h"

#include <utf8proc.h>

#include "reward/code_points.h"

namespace aha::reward {
namespace {

// Whether all letters with case have the wanted one, and there is such a letter.
bool all_cased_are(std::string_view text, utf8proc_category_t wanted) {
  bool has_cased = false;
  for (size_t place = 0; place < text.size();) {
    const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(next_code_point(text, place)));
    if (category != UTF8PROC_CATEGORY_LU && category != UTF8PROC_CATEGORY_LL && category != UTF8PROC_CATEGORY_LT)
      continue;
    if (category != wanted) return false;
    has_cased = true;
  }
  return has_cased;
}

}  // namespace

char32_t lower(char32_t code_point) {
  return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point)));
}

std::string lower_case(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t place = 0; place < text.size();) append_utf8(result, lower(next_code_point(text, place)));
  return result;
}

bool is_all_upper(std::string_view text) { return all_cased_are(text, UTF8PROC_CATEGORY_LU); }
bool is_all_lower(std::string_view text) { return all_cased_are(text, UTF8PROC_CATEGORY_LL); }

bool is_word_character(char32_t code_point) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code_point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return true;
    default:
      return code_point == '_';
  }
}

}  // namespace aha::reward
