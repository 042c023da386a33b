// Words become numbers, and n-grams lists of them, so that all are compared and none by a hash alone.
#include "reward/rules/repetition_reward.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "reward/code_points.h"
#include "reward/rules/letter_case.h"

namespace aha::reward {
namespace {

bool is_word_alone(char32_t c) {
  return (c >= 0x3041 && c <= 0x30FF) || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0x20000 && c <= 0x323AF);
}

class WordNumbers {
 public:
  std::vector<int32_t> of(std::string_view text) {
    for (size_t place = 0; place < text.size();) {
      const char32_t code_point = next_code_point(text, place);
      if (is_space(code_point) || is_word_alone(code_point)) end_word();
      if (is_space(code_point)) continue;
      append_utf8(word_, lower(code_point));
      if (is_word_alone(code_point)) end_word();
    }
    end_word();
    return std::move(numbers_);
  }

 private:
  void end_word() {
    if (word_.empty()) return;
    numbers_.push_back(known_.emplace(word_, static_cast<int32_t>(known_.size())).first->second);
    word_.clear();
  }

  std::string word_;
  std::unordered_map<std::string, int32_t> known_;
  std::vector<int32_t> numbers_;
};

}  // namespace

RepetitionReward::RepetitionReward(const ShapingOptions& options)
    : ngram_size_(static_cast<size_t>(options.ngram_size)), max_penalty_(options.max_penalty) {}

Score RepetitionReward::score(const Submission& submission) const {
  const std::vector<int32_t> words = WordNumbers().of(submission.completion);
  const size_t count = words.size() < ngram_size_ ? 0 : words.size() - ngram_size_ + 1;
  const auto is_before = [n = ngram_size_](const int32_t* a, const int32_t* b) {
    return std::lexicographical_compare(a, a + n, b, b + n);
  };
  std::set<const int32_t*, decltype(is_before)> different(is_before);
  for (size_t i = 0; i < count; ++i) different.insert(words.data() + i);
  Score score;
  const double share = count == 0 ? 1.0 : static_cast<double>(different.size()) / static_cast<double>(count);
  score.value = share == 1.0 ? 0.0 : max_penalty_ * (1.0 - share);
  score.detail["ngrams"] = count;
  score.detail["different"] = different.size();
  return score;
}

}  // namespace aha::reward
