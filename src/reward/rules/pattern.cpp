// PCRE2, which asks before each item of the pattern that it tries: its own limit counts anew at every place of the text
// where a match may start, so that it bounds nothing in a long one.
#include "reward/rules/pattern.h"

#include "aha/core/error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace aha::reward {
namespace {

constexpr size_t kMostPatternBytes = 10'000;
constexpr size_t kMostSubjectBytes = 100'000;
constexpr int64_t kMostSteps = 1'000'000;
constexpr uint32_t kMostHeapKilobytes = 16'000;

struct FreeMatch {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

int count_step(pcre2_callout_block*, void* steps) {
  return ++*static_cast<int64_t*>(steps) > kMostSteps ? PCRE2_ERROR_CALLOUT : 0;
}

PCRE2_SPTR characters(std::string_view text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

Pattern::Pattern(const std::string& pattern, const std::string& place) {
  if (pattern.size() > kMostPatternBytes) throw InputError(place, "is a regular expression of over 10 kB; shorten it");
  int error = 0;
  size_t offset = 0;
  pcre2_code* code = pcre2_compile(characters(pattern), pattern.size(),
                                   PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF |
                                       PCRE2_NEVER_BACKSLASH_C | PCRE2_AUTO_CALLOUT,
                                   &error, &offset, nullptr);
  if (!code) {
    PCRE2_UCHAR message[256];
    pcre2_get_error_message(error, message, sizeof message);
    throw InputError(place, "the regular expression `" + pattern.substr(0, 80) + "` is not valid at its byte " +
                                std::to_string(offset + 1) + ": " + reinterpret_cast<const char*>(message));
  }
  code_ = std::shared_ptr<const void>(
      code, [](const void* held) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(held))); });
}

std::optional<bool> Pattern::is_in(std::string_view text) const {
  if (text.size() > kMostSubjectBytes) return std::nullopt;
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  const std::unique_ptr<pcre2_match_data, FreeMatch> data(pcre2_match_data_create(1, nullptr));
  const std::unique_ptr<pcre2_match_context, FreeMatch> context(pcre2_match_context_create(nullptr));
  if (!data || !context) throw std::bad_alloc();
  int64_t steps = 0;
  pcre2_set_callout(context.get(), count_step, &steps);
  pcre2_set_heap_limit(context.get(), kMostHeapKilobytes);
  const int result = pcre2_match(code, characters(text), text.size(), 0, 0, data.get(), context.get());
  if (result >= 0) return true;
  return result == PCRE2_ERROR_NOMATCH ? std::optional(false) : std::nullopt;
}

}  // namespace aha::reward
