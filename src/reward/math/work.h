// One budget for everything a comparison of two answers does.
#pragma once
#include <cstdint>

namespace aha::reward::math {

/// Steps are worth one to five nanoseconds each. Once spent, or given up, every result computed under it is
/// void and the comparison is undecided.
class Work {
 public:
  static constexpr int64_t kMaxSteps = 500'000;  // 1 to 3 ms

  /// False, now and ever after, if the steps do not fit any more.
  bool charge(int64_t steps) {
    spent_ += steps;
    if (spent_ > kMaxSteps) is_void_ = true;
    return !is_void_;
  }
  void give_up() { is_void_ = true; }
  bool is_void() const { return is_void_; }
  int64_t spent() const { return spent_; }

 private:
  int64_t spent_ = 0;
  bool is_void_ = false;
};

}  // namespace aha::reward::math
