// Counted random numbers: a draw is a function of its key and its place, never of what was drawn before.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace aha {

/// Philox4x32-10 (Salmon et al., SC'11, doi 10.1145/2063384.2063405): 128-bit counter, 64-bit key.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// 64-bit FNV-1a of a name, for keys.
uint64_t hash_name(std::string_view name);

/// A stream of draws for one place of a run, e.g. Random(seed, "sample/zero", {step, prompt, sample}).
///
/// Two streams with different arguments are independent; the same arguments give the same draws on any
/// machine, thread count or batch order. The i-th draw costs one Philox call; nothing needs saving.
class Random {
 public:
  /// @param place up to three coordinates, each below 2^32 (larger ones are folded in by hashing)
  Random(uint64_t seed, std::string_view purpose, std::array<uint64_t, 3> place = {});

  uint32_t bits();                             ///< uniform 32 bits
  double uniform();                            ///< [0, 1), 53 bits
  uint64_t below(uint64_t n);                  ///< uniform in [0, n), n >= 1, without modulo bias
  int64_t between(int64_t low, int64_t high);  ///< uniform in [low, high], both included
  bool chance(double probability);
  double normal();  ///< standard normal (Box–Muller)
  /// Index drawn with the given weights (>= 0, sum > 0).
  size_t choose(const std::vector<double>& weights);

  template <class T>
  void shuffle(std::vector<T>& items) {  // Fisher–Yates
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  /// The uniform of draw number `index` (below 2^31) of this stream, leaving the stream where it is: what the
  /// sampler uses for token `index`. It is made of the first two words of block `index`; the draws above take
  /// the words of the blocks from 2^31 on in order, so the two never meet.
  double uniform_at(uint32_t index) const;

 private:
  std::array<uint32_t, 2> key_;
  std::array<uint32_t, 4> counter_;  // counter_[0] is the number of the block
  std::array<uint32_t, 4> block_{};
  int used_ = 4;
};

}  // namespace aha
