// CLD2 tells languages of one script apart; what it is not sure of is no evidence against a text.
#include "reward/languages.h"

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

#include <algorithm>
#include <iterator>

#include "reward/prose.h"

namespace aha::reward {
namespace {

constexpr Language latin(const char* code) { return {code, Script::kLatin, Script::kLatin}; }
constexpr Language one_script(const char* code, Script script) { return {code, script, script}; }
constexpr Language kLanguages[] = {
    latin("en"),
    one_script("zh", Script::kHan),
    latin("de"),
    latin("fr"),
    latin("es"),
    latin("it"),
    latin("pt"),
    latin("nl"),
    latin("pl"),
    latin("tr"),
    latin("vi"),
    latin("fi"),
    latin("sv"),
    latin("da"),
    latin("cs"),
    latin("ro"),
    latin("hu"),
    latin("id"),
    latin("sw"),
    {"ja", Script::kHan, Script::kKana},
    one_script("ko", Script::kHangul),
    one_script("ru", Script::kCyrillic),
    one_script("uk", Script::kCyrillic),
    one_script("bg", Script::kCyrillic),
    one_script("el", Script::kGreek),
    one_script("ar", Script::kArabic),
    one_script("fa", Script::kArabic),
    one_script("ur", Script::kArabic),
    one_script("he", Script::kHebrew),
    one_script("hi", Script::kDevanagari),
    one_script("mr", Script::kDevanagari),
    one_script("ne", Script::kDevanagari),
    one_script("th", Script::kThai),
    one_script("bn", Script::kOther),
    one_script("ta", Script::kOther),
    one_script("te", Script::kOther),
    one_script("kn", Script::kOther),
    one_script("gu", Script::kOther),
    one_script("pa", Script::kOther),
    one_script("ml", Script::kOther),
};
constexpr int kSurePercent = 70;   // of a text's letters, for it to be in the language
constexpr int64_t kSureWords = 6;  // of a part, for it to count as foreign

const Language* language_of(CLD2::Language language) {
  const std::string_view code = CLD2::LanguageCode(language);
  if (code == "iw") return find_language("he");
  return find_language(code.substr(0, code.find('-')));  // zh-Hant
}

struct Detection {
  CLD2::Language top = CLD2::UNKNOWN_LANGUAGE;
  int percent = 0;
  bool is_sure = false;
  CLD2::ResultChunkVector chunks;
};

// @param hint a language that the text is likely to be in, or null
Detection detect(std::string_view text, const char* hint) {
  Detection found;
  const CLD2::CLDHints hints = {hint, nullptr, CLD2::UNKNOWN_ENCODING, CLD2::UNKNOWN_LANGUAGE};
  CLD2::Language languages[3];
  int percents[3] = {}, num_letters = 0, num_valid = 0;
  double scores[3];
  found.top = CLD2::ExtDetectLanguageSummaryCheckUTF8(text.data(), static_cast<int>(text.size()),
                                                      /*is_plain_text=*/true, &hints, 0, languages, percents, scores,
                                                      &found.chunks, &num_letters, &found.is_sure, &num_valid);
  found.percent = percents[0];
  return found;
}

}  // namespace

const Language* find_language(std::string_view code) {
  const auto found = std::find_if(std::begin(kLanguages), std::end(kLanguages),
                                  [code](const Language& language) { return code == language.code; });
  return found == std::end(kLanguages) ? nullptr : found;
}

std::string language_codes() {
  std::string codes;
  for (const Language& language : kLanguages) codes += std::string(codes.empty() ? "" : " ") + language.code;
  return codes;
}

const Language* detected_language(std::string_view text) {
  const Detection found = detect(text, nullptr);
  return found.is_sure && found.percent >= kSurePercent ? language_of(found.top) : nullptr;
}

bool is_written_in(std::string_view text, const Language& language) {
  const Detection found = detect(text, nullptr);
  if (found.is_sure && found.percent >= kSurePercent) return language_of(found.top) == &language;
  const ScriptCounts counts = count_words(text);
  int64_t num_words = 0, num_in_script = 0;
  for (size_t script = 0; script < kNumScripts; ++script) {
    num_words += counts[script];
    if (language.is_in(static_cast<Script>(script))) num_in_script += counts[script];
  }
  return num_words > 0 && num_in_script == num_words;
}

int64_t count_foreign_words(std::string_view prose, const Language& language) {
  int64_t num_foreign = 0;
  for (const CLD2::ResultChunk& chunk : detect(prose, language.code).chunks) {
    const Language* other = language_of(static_cast<CLD2::Language>(chunk.lang1));
    if (!other || other == &language || !(language.is_in(other->script) || language.is_in(other->second))) continue;
    const ScriptCounts counts =
        count_prose_words(prose.substr(static_cast<size_t>(chunk.offset), static_cast<size_t>(chunk.bytes)));
    int64_t num_words = counts[static_cast<size_t>(language.script)];
    if (language.second != language.script) num_words += counts[static_cast<size_t>(language.second)];
    if (num_words >= kSureWords) num_foreign += num_words;
  }
  return num_foreign;
}

}  // namespace aha::reward
