// Ranks few candidates where a sort of the whole vocabulary would do.
#include "rollout/probability_filter.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>

#include "rollout/row_scan.h"

namespace aha::rollout {

namespace {

constexpr int64_t kSortedAtOnce = 64;

// Floats that are not negative have the order of their bits.
uint64_t key_of(float probability, int32_t index) {
  return uint64_t{std::bit_cast<uint32_t>(probability)} << 32 | (0xFFFFFFFFu - static_cast<uint32_t>(index));
}
float probability_of(uint64_t key) { return std::bit_cast<float>(static_cast<uint32_t>(key >> 32)); }

template <class Iterator>
double mass_of(Iterator begin, Iterator end) {
  double mass = 0;
  for (; begin != end; ++begin) mass += static_cast<double>(probability_of(*begin));
  return mass;
}

}  // namespace

ProbabilityFilter::ProbabilityFilter(int64_t vocab_size) {
  const int64_t num_blocks = (vocab_size + kScanBlock - 1) / kScanBlock;
  maxima_.resize(num_blocks);
  ranks_.reserve(num_blocks);
  kept_.resize(vocab_size);
  keys_.resize(vocab_size);
}

std::span<const int32_t> ProbabilityFilter::keep(std::span<const float> probabilities, const SamplingParams& params) {
  probabilities_ = probabilities;
  is_gathered_ = false;
  scan();
  if (params.top_k > 0) keep_top_k(params.top_k);
  if (params.top_p < 1) keep_top_p(params.top_p);
  if (params.min_p > 0) keep_min_p(params.min_p);
  if (!is_gathered_) gather(0);
  return kept();
}

void ProbabilityFilter::scan() {
  const float* row = probabilities_.data();
  const int64_t size = std::ssize(probabilities_);
  largest_ = 0;
  total_ = 0;
  for (int64_t begin = 0; begin < size; begin += kScanBlock) {
    float& here = maxima_[begin / kScanBlock];
    if (begin + kScanBlock <= size) {
      here = block_max(row + begin);
      total_ += block_sum(row + begin);
    } else {
      here = part_max(row + begin, size - begin);
      for (int64_t i = begin; i < size; ++i) total_ += static_cast<double>(row[i]);
    }
    largest_ = std::max(largest_, here);
  }
}

// Every index is written, and only those that stay are counted: no branch to guess.
void ProbabilityFilter::gather(double least) {
  const int64_t size = std::ssize(probabilities_);
  num_kept_ = 0;
  for (int64_t block = 0; block < std::ssize(maxima_); ++block) {
    if (static_cast<double>(maxima_[block]) < least) continue;
    const int64_t end = std::min((block + 1) * kScanBlock, size);
    for (int64_t i = block * kScanBlock; i < end; ++i) {
      const float p = probabilities_[i];
      kept_[num_kept_] = static_cast<int32_t>(i);
      num_kept_ += (static_cast<double>(p) >= least) & (p > 0);
    }
  }
  is_gathered_ = true;
}

template <class Stays>
void ProbabilityFilter::keep_if(Stays stays) {
  int64_t count = 0;
  for (int64_t i = 0; i < num_kept_; ++i) {
    const int32_t index = kept_[i];
    kept_[count] = index;
    count += stays(index);
  }
  num_kept_ = count;
}

std::span<uint64_t> ProbabilityFilter::rank() {
  for (int64_t i = 0; i < num_kept_; ++i) keys_[i] = key_of(probabilities_[kept_[i]], kept_[i]);
  return {keys_.data(), static_cast<size_t>(num_kept_)};
}

// The k-th largest of the blocks' maxima is not above the k-th largest value: the candidates lie in k blocks. Ties with
// the last one kept stay, as in transformers.
void ProbabilityFilter::keep_top_k(int64_t top_k) {
  if (top_k >= std::ssize(probabilities_)) return;
  double cutoff = 0;
  if (top_k <= std::ssize(maxima_)) {
    ranks_.assign(maxima_.begin(), maxima_.end());
    std::nth_element(ranks_.begin(), ranks_.begin() + (top_k - 1), ranks_.end(), std::greater<>());
    cutoff = static_cast<double>(ranks_[top_k - 1]);
  }
  gather(cutoff);
  if (num_kept_ <= top_k) return;
  const std::span<uint64_t> keys = rank();
  std::nth_element(keys.begin(), keys.begin() + (top_k - 1), keys.end(), std::greater<>());
  const float least = probability_of(keys[top_k - 1]);
  keep_if([&](int32_t index) { return probabilities_[index] >= least; });
}

// A token stays while those before it, likeliest first and ties in order of id, hold less than top_p of what is left.
void ProbabilityFilter::keep_top_p(double top_p) {
  const bool is_whole = !is_gathered_;
  double threshold = top_p * (is_whole ? total_ : mass_of_kept());
  if (is_whole) gather_mass(threshold + sum_margin(std::ssize(probabilities_)));
  const std::span<uint64_t> keys = rank();
  std::optional<uint64_t> last = last_key_surely(keys, threshold);
  if (!last) {
    if (is_whole) threshold = top_p * std::accumulate(probabilities_.begin(), probabilities_.end(), 0.0);
    last = last_key_one_by_one(keys, threshold);
  }
  keep_if([&](int32_t index) { return key_of(probabilities_[index], index) >= *last; });
}

double ProbabilityFilter::mass_of_kept() const {
  double mass = 0;
  for (const int32_t index : kept()) mass += static_cast<double>(probabilities_[index]);
  return mass;
}

// Mostly few tokens hold nearly all.
void ProbabilityFilter::gather_mass(double wanted) {
  for (const double share : {0x1p-4, 0x1p-8, 0x1p-12}) {
    gather(share * static_cast<double>(largest_));
    if (mass_of_kept() >= wanted) return;
  }
  gather(0);
}

// Halves the keys around the place where the sum crosses the threshold, then sorts what is near it. None where the sum
// comes so close to the threshold that the order of adding decides.
std::optional<uint64_t> ProbabilityFilter::last_key_surely(std::span<uint64_t> keys, double threshold) const {
  const double margin = sum_margin(std::ssize(probabilities_));
  const auto is_close = [&](double sum) { return std::abs(sum - threshold) <= margin; };
  double before = 0;
  auto begin = keys.begin(), end = keys.end();
  while (end - begin > kSortedAtOnce) {
    const auto middle = begin + (end - begin) / 2;
    std::nth_element(begin, middle, end, std::greater<>());
    const double sum = before + mass_of(begin, middle);
    if (is_close(sum)) return std::nullopt;
    if (sum > threshold) {
      end = middle;
    } else {
      before = sum;
      begin = middle;
    }
  }
  std::sort(begin, end, std::greater<>());
  uint64_t last = *begin;
  for (; begin != end; ++begin) {
    const bool is_likeliest = begin == keys.begin();
    if (!is_likeliest && is_close(before)) return std::nullopt;
    if (!is_likeliest && before > threshold) break;
    last = *begin;
    before += static_cast<double>(probability_of(last));
  }
  return last;
}

uint64_t ProbabilityFilter::last_key_one_by_one(std::span<uint64_t> keys, double threshold) {
  std::sort(keys.begin(), keys.end(), std::greater<>());
  double before = static_cast<double>(probability_of(keys[0]));
  size_t last = 0;
  for (size_t i = 1; i < keys.size() && before < threshold; ++i) {
    last = i;
    before += static_cast<double>(probability_of(keys[i]));
  }
  return keys[last];
}

void ProbabilityFilter::keep_min_p(double min_p) {
  const double least = min_p * static_cast<double>(largest_);
  if (!is_gathered_) return gather(least);
  keep_if([&](int32_t index) { return static_cast<double>(probabilities_[index]) >= least; });
}

}  // namespace aha::rollout
