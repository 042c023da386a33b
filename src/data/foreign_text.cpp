// Text that came from outside: is it UTF-8, and how to show it in an error sentence.
#include "data/foreign_text.h"

#include "core/utf8.h"

namespace aha::data {
namespace {

constexpr size_t kMaxShown = 160;

}  // namespace

size_t first_invalid_utf8(std::string_view text) {
  for (size_t place = 0; place < text.size();) {
    const size_t length = utf8::character_length(text, place);
    if (length == 0) return place;
    place += length;
  }
  return std::string_view::npos;
}

std::string shortened(std::string_view text) {
  if (text.size() <= kMaxShown) return utf8::visible(text);
  const std::string_view shown = text.substr(0, kMaxShown);
  return utf8::visible(shown.substr(0, first_invalid_utf8(shown))).append("…");
}

}  // namespace aha::data
