// Cuts text into pieces.
#include "reward/rules/lines.h"

namespace aha::reward {

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> pieces;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    pieces.push_back(text.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) return pieces;
    begin = end + separator.size();
  }
}

std::vector<std::string_view> lines_of(std::string_view text) { return split(text, "\n"); }

}  // namespace aha::reward
