// Counts pairs once, then changes only the counts that a merge touches; a heap tells the commonest pair.
#include "data/training/bpe_training.h"

#include <algorithm>
#include <queue>
#include <unordered_map>

namespace aha::data {
namespace {

constexpr int64_t kLeastPairCount = 2;

using PairKey = uint64_t;
PairKey key_of(int32_t left, int32_t right) { return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right); }

struct Place {
  int64_t count = 0;
  int64_t offered = 0;         // the largest count among its candidates
  std::vector<int32_t> words;  // in which the pair is or was; may repeat
};

struct PairToMerge {
  int64_t count;
  PairKey key;
  bool operator<(const PairToMerge& other) const {
    return count != other.count ? count < other.count : key > other.key;
  }
};

class MergeTraining {
 public:
  MergeTraining(const std::vector<CountedWord>& words, const std::string& byte_order) {
    int32_t token_of[256];
    for (int32_t i = 0; i < 256; ++i) {
      token_of[static_cast<unsigned char>(byte_order[i])] = i;
      add_token(std::string(1, byte_order[i]));
    }
    for (const CountedWord& word : words) {
      std::vector<int32_t> tokens;
      for (const char byte : word.text) tokens.push_back(token_of[static_cast<unsigned char>(byte)]);
      words_.push_back(std::move(tokens));
      counts_.push_back(word.count);
      change_counts(static_cast<int32_t>(words_.size()) - 1, +1);
    }
    offer_touched();
  }

  Merges run(size_t num_tokens) {
    while (merges_.tokens.size() < num_tokens && !candidates_.empty()) {
      const PairToMerge best = candidates_.top();
      candidates_.pop();
      Place& place = places_[best.key];
      const bool is_current = place.count == best.count;
      place.offered = is_current || place.count < kLeastPairCount ? 0 : place.count;
      if (is_current) {
        merge(static_cast<int32_t>(best.key >> 32), static_cast<int32_t>(best.key & 0xFFFFFFFF));
      } else if (place.offered > 0) {
        candidates_.push({place.count, best.key});
      }
    }
    return std::move(merges_);
  }

 private:
  int32_t add_token(std::string bytes) {
    const auto [found, is_new] = token_ids_.emplace(std::move(bytes), static_cast<int32_t>(merges_.tokens.size()));
    if (is_new) merges_.tokens.push_back(found->first);
    return found->second;
  }

  void merge(int32_t left, int32_t right) {
    const int32_t whole = add_token(merges_.tokens[left] + merges_.tokens[right]);
    merges_.pairs.emplace_back(left, right);
    std::vector<int32_t> words = std::move(places_[key_of(left, right)].words);
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    for (const int32_t word : words) rewrite(word, left, right, whole);
    offer_touched();
  }

  // From the left, as the encoder merges: of three alike the first two.
  void rewrite(int32_t word, int32_t left, int32_t right, int32_t whole) {
    std::vector<int32_t>& tokens = words_[word];
    const auto is_pair = [&](size_t i) { return i + 1 < tokens.size() && tokens[i] == left && tokens[i + 1] == right; };
    size_t first = 0;
    while (first < tokens.size() && !is_pair(first)) ++first;
    if (first == tokens.size()) return;
    change_counts(word, -1);
    size_t kept = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
      const bool is_merged = is_pair(i);
      tokens[kept++] = is_merged ? whole : tokens[i];
      i += is_merged;
    }
    tokens.resize(kept);
    change_counts(word, +1);
  }

  void change_counts(int32_t word, int64_t sign) {
    const std::vector<int32_t>& tokens = words_[word];
    for (size_t i = 0; i + 1 < tokens.size(); ++i) {
      const PairKey key = key_of(tokens[i], tokens[i + 1]);
      Place& place = places_[key];
      place.count += sign * counts_[word];
      if (sign < 0) continue;
      if (place.words.empty() || place.words.back() != word) place.words.push_back(word);
      touched_.push_back(key);
    }
  }

  // A heap entry whose count has fallen since is put right when it comes up; one that has risen needs a new entry.
  void offer_touched() {
    std::sort(touched_.begin(), touched_.end());
    touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
    for (const PairKey key : touched_) {
      Place& place = places_[key];
      if (place.count >= kLeastPairCount && place.count > place.offered) {
        place.offered = place.count;
        candidates_.push({place.count, key});
      }
    }
    touched_.clear();
  }

  Merges merges_;
  std::unordered_map<std::string, int32_t> token_ids_;
  std::vector<std::vector<int32_t>> words_;
  std::vector<int64_t> counts_;  // of the words
  std::unordered_map<PairKey, Place> places_;
  std::priority_queue<PairToMerge> candidates_;
  std::vector<PairKey> touched_;
};

}  // namespace

Merges train_merges(const std::vector<CountedWord>& words, const std::string& byte_order, size_t num_tokens) {
  return MergeTraining(words, byte_order).run(num_tokens);
}

}  // namespace aha::data
