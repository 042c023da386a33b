// One walk backwards over the text, which stops at the first match of full length.
#include "rollout/ngram_drafter.h"

#include <algorithm>

#include "aha/core/error.h"

namespace aha::rollout {

namespace {

constexpr int64_t kLongest = 3, kShortest = 2;

// Prompt and completion as one text.
struct Text {
  std::span<const int32_t> prompt, completion;

  int64_t size() const { return std::ssize(prompt) + std::ssize(completion); }
  int32_t at(int64_t i) const {
    const int64_t length = std::ssize(prompt);
    return i < length ? prompt[i] : completion[i - length];
  }
  /// How many tokens up to and with `i` are those at the end, kLongest at most.
  int64_t match(int64_t i) const {
    int64_t length = 0;
    while (length < kLongest && i >= length && at(i - length) == at(size() - 1 - length)) ++length;
    return length;
  }
};

// Where the longest of the matches ends, the latest of several; -1 if none is long enough.
int64_t find_match(const Text& text, int64_t begin) {
  const int32_t last = text.at(text.size() - 1);
  int64_t best = -1, best_length = kShortest - 1;
  for (int64_t i = text.size() - 2; i >= begin && best_length < kLongest; --i) {
    if (text.at(i) != last) continue;
    const int64_t length = text.match(i);
    if (length <= best_length) continue;
    best = i;
    best_length = length;
  }
  return best;
}

}  // namespace

NgramDrafter::NgramDrafter(int64_t max_tokens) : max_tokens_(max_tokens) {
  AHA_CHECK(max_tokens >= 1, "drafts need some tokens to look back on");
}

void NgramDrafter::propose(std::span<const int32_t> prompt, std::span<const int32_t> completion, int64_t limit,
                           std::vector<int32_t>& drafts) const {
  const Text text{prompt, completion};
  if (text.size() < 2 || limit <= 0) return;
  const int64_t match = find_match(text, std::max<int64_t>(text.size() - max_tokens_, 0));
  if (match < 0) return;
  const size_t first_draft = drafts.size();
  for (int64_t i = match + 1; std::ssize(drafts) - static_cast<int64_t>(first_draft) < limit; ++i) {
    const int64_t beyond = i - text.size();
    drafts.push_back(beyond < 0 ? text.at(i) : drafts[first_draft + static_cast<size_t>(beyond)]);
  }
}

}  // namespace aha::rollout
