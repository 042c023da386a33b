// PCRE2 in JIT, searched window by window so that a clock can be read in between.
#include "data/bpe/regex.h"

#include <time.h>

#include <algorithm>

#include "aha/core/error.h"
#include "data/bpe/characters.h"
#include "data/bpe/regex_dialect.h"
#include "data/foreign_text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace aha::data::bpe {
namespace {

constexpr size_t kMaxPatternBytes = 10'000;
// Between two looks at the clock, so many starting places are tried that each may read the whole text.
constexpr size_t kReadBytes = 1 << 26;
constexpr size_t kLeastWindow = 8, kLargestWindow = 4096;
constexpr uint32_t kMatchSteps = 200'000;  // allowed at each, besides two a byte
constexpr int kMatchesPerLook = 64;
constexpr uint32_t kHeapKilobytes = 64'000;
constexpr size_t kJitStackBytes = 8 << 20;

double thread_seconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// What a thread matches with; all expressions share it.
struct MatchState {
  MatchState()
      : data(pcre2_match_data_create(1, nullptr)),
        context(pcre2_match_context_create(nullptr)),
        stack(pcre2_jit_stack_create(32 << 10, kJitStackBytes, nullptr)) {
    if (!data || !context) throw std::bad_alloc();
    pcre2_set_heap_limit(context, kHeapKilobytes);
    if (stack) pcre2_jit_stack_assign(context, nullptr, stack);
  }
  ~MatchState() {
    pcre2_jit_stack_free(stack);
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
  }
  MatchState(const MatchState&) = delete;
  MatchState& operator=(const MatchState&) = delete;

  pcre2_match_data* data;
  pcre2_match_context* context;
  pcre2_jit_stack* stack;
};

MatchState& match_state() {
  thread_local MatchState state;
  return state;
}

// The next place at or behind `place` where a character starts.
size_t character_boundary(std::string_view text, size_t place) {
  while (place < text.size() && is_continuation(text[place])) ++place;
  return std::min(place, text.size());
}

}  // namespace

struct Regex::Compiled {
  explicit Compiled(pcre2_code* code) : code(code) {}
  ~Compiled() { pcre2_code_free(code); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  pcre2_code* code;
};

Regex::Regex(std::string_view pattern, std::string place) : pattern_(pattern), place_(std::move(place)) {
  if (pattern.size() > kMaxPatternBytes) throw InputError(place_, "is a regular expression of over 10 kB");
  const std::string text = pcre2_pattern(pattern, place_);
  int error = 0;
  size_t offset = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_BACKSLASH_C, &error,
                    &offset, nullptr);
  if (!code) {
    PCRE2_UCHAR message[256];
    pcre2_get_error_message(error, message, sizeof message);
    throw InputError(place_, "the regular expression `" + shortened(pattern_) +
                                 "` is not valid: " + reinterpret_cast<const char*>(message));
  }
  compiled_ = std::make_shared<Compiled>(code);
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);  // where it fails, the same matches take longer
}

void Regex::stop_long_match(size_t text_bytes) const {
  throw InputError(place_, "the regular expression `" + shortened(pattern_) + "` takes too long on a text of " +
                               std::to_string(text_bytes) + " bytes; it backtracks too much");
}

void Regex::find_all(std::string_view text, std::vector<Range>& matches) const {
  MatchState& state = match_state();
  pcre2_set_match_limit(state.context, kMatchSteps + static_cast<uint32_t>(std::min<size_t>(2 * text.size(), 1 << 30)));
  const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
  const size_t* ovector = pcre2_get_ovector_pointer(state.data);
  const size_t window = std::clamp(kReadBytes / (text.size() + 1), kLeastWindow, kLargestWindow);
  double deadline = -1;
  int until_look = kMatchesPerLook;
  const auto look_at_clock = [&] {
    const double now = thread_seconds();
    if (deadline < 0) deadline = now + 1.0 + 1e-6 * static_cast<double>(text.size());
    if (now > deadline) stop_long_match(text.size());
  };
  matches.clear();
  for (size_t start = 0; start < text.size();) {
    const size_t last_start = character_boundary(text, start + window);
    pcre2_set_offset_limit(state.context, last_start);
    const int result =
        pcre2_match(compiled_->code, subject, text.size(), start, PCRE2_NO_UTF_CHECK, state.data, state.context);
    if (result == PCRE2_ERROR_NOMATCH) {
      start = last_start;
      if (start < text.size()) look_at_clock();
      continue;
    }
    if (result < 0) stop_long_match(text.size());
    matches.push_back({ovector[0], ovector[1]});
    // An empty match cuts; the search goes on behind the next character.
    start = ovector[1] > ovector[0] ? ovector[1] : character_boundary(text, ovector[1] + 1);
    if (--until_look == 0) {
      look_at_clock();
      until_look = kMatchesPerLook;
    }
  }
}

}  // namespace aha::data::bpe
