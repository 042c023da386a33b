// Normalises text as SentencePiece does: user-defined pieces, then rules, then characters; then spaces.
#include "data/sentencepiece/normalizer.h"

#include <algorithm>

#include "core/utf8.h"

namespace aha::data {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Collects normalised bytes, with their origins where they are wanted.
class NormalizedWriter {
 public:
  NormalizedWriter(NormalizedText& to, std::string_view space, bool wants_origins)
      : to_(to), space_(space), wants_origins_(wants_origins) {}

  void add(std::string_view bytes, int64_t origin) {
    to_.text += bytes;
    if (wants_origins_) to_.origins.insert(to_.origins.end(), bytes.size(), origin);
  }
  void add_space(int64_t origin) { add(space_, origin); }

  void add_with_spaces(std::string_view bytes, int64_t origin) {
    for (size_t begin = 0; begin < bytes.size();) {
      const size_t space = std::min(bytes.find(' ', begin), bytes.size());
      add(bytes.substr(begin, space - begin), origin);
      if (space < bytes.size()) add_space(origin);
      begin = space + 1;
    }
  }

  // @return where the text that is left ends in the original
  int64_t drop_trailing_spaces(int64_t end) {
    while (to_.text.ends_with(space_)) {
      to_.text.resize(to_.text.size() - space_.size());
      if (!wants_origins_) continue;
      end = to_.origins[to_.text.size()];
      to_.origins.resize(to_.text.size());
    }
    return end;
  }

 private:
  NormalizedText& to_;
  std::string_view space_;
  bool wants_origins_;
};

}  // namespace

size_t character_or_byte(std::string_view text, size_t place) {
  if (static_cast<unsigned char>(text[place]) < 0x80) return 1;
  return std::max<size_t>(1, utf8::character_length(text, place));
}

Normalizer::Normalizer(const SentencePieceModel& model, const PieceTrie& user_defined, const std::string& place)
    : user_defined_(user_defined),
      space_(model.escape_whitespaces ? kSpaceMark : " "),
      adds_space_before_(model.add_dummy_prefix && !model.whitespace_is_suffix),
      adds_space_after_(model.add_dummy_prefix && model.whitespace_is_suffix),
      removes_extra_(model.remove_extra_whitespaces),
      keeps_broken_bytes_(model.has_byte_fallback) {
  if (!model.charsmap.empty()) charsmap_ = Charsmap(model.charsmap, place);
}

Normalizer::Prefix Normalizer::normalize_prefix(std::string_view text) const {
  if (const size_t length = user_defined_.longest_match(text)) return {text.substr(0, length), length};
  if (const Charsmap::Match match = charsmap_.match(text); match.length > 0) return {match.replacement, match.length};
  const size_t length = character_or_byte(text, 0);
  const bool is_broken = length == 1 && static_cast<unsigned char>(text[0]) >= 0x80;
  return {is_broken && !keeps_broken_bytes_ ? kReplacement : text.substr(0, length), length};
}

NormalizedText Normalizer::normalize(std::string_view text, bool is_start, bool wants_origins) const {
  NormalizedText normalized;
  size_t at = 0;
  if (removes_extra_ && is_start) {
    while (at < text.size()) {
      const Prefix prefix = normalize_prefix(text.substr(at));
      if (prefix.text != " ") break;
      at += prefix.length;
    }
  }
  if (at == text.size()) return normalized;

  normalized.text.reserve(text.size() + text.size() / 2 + 8);
  NormalizedWriter writer(normalized, space_, wants_origins);
  if (adds_space_before_ && is_start) writer.add_space(static_cast<int64_t>(at));
  bool is_after_space = removes_extra_ && is_start;
  while (at < text.size()) {
    const Prefix prefix = normalize_prefix(text.substr(at));
    std::string_view bytes = prefix.text;
    while (is_after_space && bytes.starts_with(' ')) bytes.remove_prefix(1);
    if (!bytes.empty()) {
      writer.add_with_spaces(bytes, static_cast<int64_t>(at));
      is_after_space = removes_extra_ && bytes.ends_with(' ');
    }
    at += prefix.length;
  }
  int64_t end = static_cast<int64_t>(text.size());
  if (removes_extra_) end = writer.drop_trailing_spaces(end);
  if (adds_space_after_) writer.add_space(end);
  if (wants_origins) normalized.origins.push_back(end);
  return normalized;
}

}  // namespace aha::data
