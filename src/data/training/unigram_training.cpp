// Expectation, maximisation and pruning over the lattices of all words.
#include "data/training/unigram_training.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "data/sentencepiece/normalizer.h"
#include "data/sentencepiece/piece_trie.h"
#include "data/training/unigram_seeds.h"

namespace aha::data {
namespace {

constexpr size_t kMinSeeds = 100'000, kSeedsPerPiece = 8;
constexpr int kStepsBetweenCuts = 2;
constexpr double kKeptShare = 0.75, kFinalSurplus = 1.1;
constexpr double kLeastExpectedCount = 0.5;  // a piece expected less often is dropped
constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

double digamma(double x) {
  double sum = 0;
  for (; x < 7; ++x) sum -= 1 / x;
  // Asymptotic series in 1 / x^2, good to 1e-10 from 7 on.
  const double square = 1 / (x * x);
  return sum + std::log(x) - 0.5 / x - square * (1.0 / 12 - square * (1.0 / 120 - square * (1.0 / 252 - square / 240)));
}

double log_add(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kMinusInfinity ? a : a + std::log1p(std::exp(b - a));
}

bool is_character(const std::string& text) { return character_or_byte(text, 0) == text.size(); }

struct Edge {
  int32_t begin, end, piece;
};

// All ways to write a word, edges by where they begin; every character is a piece, so that there always is one.
class Lattice {
 public:
  Lattice(const std::vector<ScoredPiece>& pieces, const PieceTrie& trie) : pieces_(pieces), trie_(trie) {}

  void set(std::string_view word) {
    edges_.clear();
    size_ = word.size();
    for (size_t begin = 0; begin < size_; begin += character_or_byte(word, begin)) {
      int32_t node = 0;
      for (size_t at = begin; at < size_ && (node = trie_.child(node, word[at])) != PieceTrie::kNone; ++at) {
        if (trie_.value(node) == PieceTrie::kNone) continue;
        edges_.push_back({static_cast<int32_t>(begin), static_cast<int32_t>(at + 1), trie_.value(node)});
      }
    }
  }

  // Adds how often each piece is expected in the word. @return the word's log-probability
  double expect(double count, std::vector<double>& expected) {
    before_.assign(size_ + 1, kMinusInfinity);
    after_.assign(size_ + 1, kMinusInfinity);
    before_[0] = after_[size_] = 0;
    for (const Edge& edge : edges_) {
      before_[edge.end] = log_add(before_[edge.end], before_[edge.begin] + pieces_[edge.piece].score);
    }
    for (auto edge = edges_.rbegin(); edge != edges_.rend(); ++edge) {
      after_[edge->begin] = log_add(after_[edge->begin], after_[edge->end] + pieces_[edge->piece].score);
    }
    for (const Edge& edge : edges_) {
      const double log_share = before_[edge.begin] + pieces_[edge.piece].score + after_[edge.end] - before_[size_];
      expected[edge.piece] += count * std::exp(log_share);
    }
    return before_[size_];
  }

  // The best way, last piece first, without the edge that covers the whole word if `is_split`; empty if there is none.
  std::vector<int32_t> best(bool is_split, double* score = nullptr) {
    before_.assign(size_ + 1, kMinusInfinity);
    last_.assign(size_ + 1, nullptr);
    before_[0] = 0;
    for (const Edge& edge : edges_) {
      if (is_split && edge.begin == 0 && edge.end == static_cast<int32_t>(size_)) continue;
      const double candidate = before_[edge.begin] + pieces_[edge.piece].score;
      if (candidate <= before_[edge.end]) continue;
      before_[edge.end] = candidate;
      last_[edge.end] = &edge;
    }
    std::vector<int32_t> way;
    for (size_t end = size_; end > 0 && last_[end]; end = last_[end]->begin) way.push_back(last_[end]->piece);
    if (score) *score = before_[size_];
    return way;
  }

 private:
  const std::vector<ScoredPiece>& pieces_;
  const PieceTrie& trie_;
  size_t size_ = 0;
  std::vector<Edge> edges_;
  std::vector<double> before_, after_;  // log-probabilities of all ways up to a byte, and from it on
  std::vector<const Edge*> last_;
};

PieceTrie trie_of(const std::vector<ScoredPiece>& pieces) {
  std::vector<std::pair<std::string_view, int32_t>> keys;
  for (size_t i = 0; i < pieces.size(); ++i) keys.emplace_back(pieces[i].text, static_cast<int32_t>(i));
  return PieceTrie(std::move(keys));
}

std::vector<ScoredPiece> with_probabilities(const std::vector<SeedPiece>& seeds) {
  double sum = 0;
  for (const SeedPiece& seed : seeds) sum += seed.weight;
  std::vector<ScoredPiece> pieces;
  for (const SeedPiece& seed : seeds) pieces.push_back({seed.text, std::log(seed.weight / sum)});
  return pieces;
}

std::vector<double> expected_counts(const std::vector<CountedWord>& words, const std::vector<ScoredPiece>& pieces) {
  const PieceTrie trie = trie_of(pieces);
  Lattice lattice(pieces, trie);
  std::vector<double> expected(pieces.size());
  for (const CountedWord& word : words) {
    lattice.set(word.text);
    lattice.expect(static_cast<double>(word.count), expected);
  }
  return expected;
}

// One step. The digamma function in place of the logarithm favours few pieces (a sparse prior). Characters stay, and
// of rare pieces as many as the vocabulary has room for.
std::vector<ScoredPiece> improved(const std::vector<CountedWord>& words, const std::vector<ScoredPiece>& pieces,
                                  size_t size) {
  const std::vector<double> expected = expected_counts(words, pieces);
  std::vector<size_t> kept, rare;
  for (size_t i = 0; i < pieces.size(); ++i) {
    (expected[i] >= kLeastExpectedCount || is_character(pieces[i].text) ? kept : rare).push_back(i);
  }
  std::sort(rare.begin(), rare.end(), [&](size_t a, size_t b) {
    return expected[a] != expected[b] ? expected[a] > expected[b] : pieces[a].text < pieces[b].text;
  });
  rare.resize(std::min(rare.size(), size - std::min(size, kept.size())));
  kept.insert(kept.end(), rare.begin(), rare.end());

  double sum = 0;
  for (const size_t i : kept) sum += std::max(expected[i], kLeastExpectedCount);
  std::vector<ScoredPiece> better;
  for (const size_t i : kept) {
    better.push_back({pieces[i].text, digamma(std::max(expected[i], kLeastExpectedCount)) - digamma(sum)});
  }
  return better;
}

std::vector<double> counts_on_best_ways(const std::vector<CountedWord>& words, Lattice& lattice, size_t num_pieces) {
  std::vector<double> counts(num_pieces);
  for (const CountedWord& word : words) {
    lattice.set(word.text);
    for (const int32_t piece : lattice.best(/*is_split=*/false)) counts[piece] += static_cast<double>(word.count);
  }
  return counts;
}

// How much log-probability a token of the corpus loses on average if the piece is written by others instead.
double loss_without(double count, const std::vector<int32_t>& others, const std::vector<double>& counts, double sum) {
  const double log_sum_after = std::log(sum + count * (static_cast<double>(others.size()) - 1));
  double log_others = 0;
  for (const int32_t other : others) log_others += std::log(counts[other] + count) - log_sum_after;
  return count / sum * (std::log(count) - std::log(sum) - log_others);
}

// Pieces that no best way takes come last, the most probable first: they fill the vocabulary of a small corpus.
struct PieceToPrune {
  bool is_used;
  double worth;  // what the corpus loses without it; of an unused one its score
  size_t index;
};

std::vector<ScoredPiece> pruned(const std::vector<CountedWord>& words, const std::vector<ScoredPiece>& pieces,
                                size_t size) {
  const PieceTrie trie = trie_of(pieces);
  Lattice lattice(pieces, trie);
  const std::vector<double> counts = counts_on_best_ways(words, lattice, pieces.size());
  double sum = 0;
  for (const double count : counts) sum += count;

  std::vector<ScoredPiece> kept;
  std::vector<PieceToPrune> candidates;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (is_character(pieces[i].text)) {
      kept.push_back(pieces[i]);
      continue;
    }
    lattice.set(pieces[i].text);
    double score = 0;
    const std::vector<int32_t> others = lattice.best(/*is_split=*/true, &score);
    const bool is_used = counts[i] > 0 && score < pieces[i].score;
    candidates.push_back({is_used, is_used ? loss_without(counts[i], others, counts, sum) : pieces[i].score, i});
  }
  std::sort(candidates.begin(), candidates.end(), [&](const PieceToPrune& a, const PieceToPrune& b) {
    if (a.is_used != b.is_used) return a.is_used;
    return a.worth != b.worth ? a.worth > b.worth : pieces[a.index].text < pieces[b.index].text;
  });
  for (const PieceToPrune& candidate : candidates) {
    if (kept.size() >= size) break;
    kept.push_back(pieces[candidate.index]);
  }
  return kept;
}

// Characters stay, and of the others the most probable.
std::vector<ScoredPiece> finished(std::vector<ScoredPiece> pieces, size_t size) {
  const auto is_better = [](const ScoredPiece& a, const ScoredPiece& b) {
    return a.score != b.score ? a.score > b.score : a.text < b.text;
  };
  std::sort(pieces.begin(), pieces.end(), is_better);
  const auto longer = std::stable_partition(pieces.begin(), pieces.end(),
                                            [](const ScoredPiece& piece) { return is_character(piece.text); });
  const size_t num_kept = std::max<size_t>(size, longer - pieces.begin());
  if (pieces.size() > num_kept) pieces.resize(num_kept);
  std::sort(pieces.begin(), pieces.end(), is_better);
  return pieces;
}

}  // namespace

std::vector<ScoredPiece> train_unigram(const std::vector<CountedWord>& words, size_t size) {
  std::vector<ScoredPiece> pieces =
      with_probabilities(unigram_seeds(words, std::max(kMinSeeds, kSeedsPerPiece * size)));
  const auto surplus = static_cast<size_t>(static_cast<double>(size) * kFinalSurplus);
  while (true) {
    for (int step = 0; step < kStepsBetweenCuts; ++step) pieces = improved(words, pieces, size);
    if (pieces.size() <= surplus) return finished(std::move(pieces), size);
    const auto shrunk = static_cast<size_t>(static_cast<double>(pieces.size()) * kKeptShare);
    pieces = pruned(words, pieces, std::max(surplus, shrunk));
  }
}

}  // namespace aha::data
