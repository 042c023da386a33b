// One budget for everything a comparison of two answers does.
#pragma once
#include <cstdint>

namespace aha::reward::math {

/// Steps are worth one to five nanoseconds each. Once they are spent, or what is asked for has no exact form here,
/// every result computed under it is void.
class Work {
 public:
  static constexpr int64_t kExactSteps = 500'000;    // 1 to 3 ms, for exact values
  static constexpr int64_t kNumericSteps = 600'000;  // then for residues and enclosures
  static constexpr int64_t kMaxSteps = kExactSteps + kNumericSteps;

  /// False, now and ever after, if the steps do not fit any more.
  bool charge(int64_t steps) {
    spent_ += steps;
    if (spent_ > limit_) is_void_ = true;
    return !is_void_;
  }
  void give_up() { is_void_ = true; }
  bool is_void() const { return is_void_; }
  /// Forgets a give_up(), so that other nodes can be tried; steps that are spent stay spent. True if any are left.
  bool recover() {
    is_void_ = spent_ > limit_;
    return !is_void_;
  }
  /// A fresh part of the budget, for the next kind of reasoning.
  void begin_part(int64_t steps) {
    limit_ = spent_ + steps;
    is_void_ = false;
  }
  int64_t spent() const { return spent_; }

 private:
  int64_t spent_ = 0;
  int64_t limit_ = kExactSteps;
  bool is_void_ = false;
};

}  // namespace aha::reward::math
