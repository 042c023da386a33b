// Numbers on a cache line boundary, where loads of a whole panel row cross no line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace aha::ops {

struct FreeNumbers {
  void operator()(const void* p) const { std::free(const_cast<void*>(p)); }
};

template <class Number>
Number* allocate_numbers(int64_t count) {
  const size_t bytes = (static_cast<size_t>(count) * sizeof(Number) + 63) / 64 * 64;
  void* p = std::aligned_alloc(64, bytes > 0 ? bytes : 64);
  if (!p) throw std::bad_alloc();
  return static_cast<Number*>(p);
}

/// Room for passing results. Grows and is kept: no allocation in the steady state.
template <class Number>
class Scratch {
 public:
  Number* at_least(int64_t count) {
    if (count > capacity_) {
      numbers_.reset(allocate_numbers<Number>(count));
      capacity_ = count;
    }
    return numbers_.get();
  }

 private:
  std::unique_ptr<Number, FreeNumbers> numbers_;
  int64_t capacity_ = 0;
};

}  // namespace aha::ops
