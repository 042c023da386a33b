// One pass over the text with a stack of fixed size; arithmetic that would overflow ends it.
#include "reward/rules/stack_machine.h"

#include <algorithm>
#include <array>

#include "reward/extract.h"

namespace aha::reward {
namespace {

constexpr char kLastInput = 'H';

class StackMachine {
 public:
  explicit StackMachine(std::span<const int64_t> inputs) : inputs_(inputs) {}

  StackFault step(char operation) {
    if (is_ascii_space(operation)) return StackFault::kNone;
    if (operation >= '0' && operation <= '9') return push(operation - '0');
    if (operation >= 'A' && operation <= kLastInput) return push_input(static_cast<size_t>(operation - 'A'));
    switch (operation) {
      case ':':
        return duplicate();
      case '~':
        return exchange();
      case '+':
      case '-':
      case '*':
      case '^':
      case '_':
        return combine(operation);
      default:
        return StackFault::kUnknownOperation;
    }
  }

  StackRun result() const {
    if (depth_ != 1) return {.fault = StackFault::kNotOneValue};
    return {.value = values_[0]};
  }

 private:
  StackFault push(int64_t value) {
    if (depth_ == values_.size()) return StackFault::kStackFull;
    values_[depth_++] = value;
    return StackFault::kNone;
  }

  StackFault push_input(size_t index) {
    return index < inputs_.size() ? push(inputs_[index]) : StackFault::kMissingInput;
  }

  StackFault duplicate() { return depth_ < 1 ? StackFault::kUnderflow : push(values_[depth_ - 1]); }

  StackFault exchange() {
    if (depth_ < 2) return StackFault::kUnderflow;
    std::swap(values_[depth_ - 1], values_[depth_ - 2]);
    return StackFault::kNone;
  }

  StackFault combine(char operation) {
    if (depth_ < 2) return StackFault::kUnderflow;
    const int64_t upper = values_[--depth_];
    int64_t& lower = values_[depth_ - 1];
    bool has_overflown = false;
    if (operation == '+') has_overflown = __builtin_add_overflow(lower, upper, &lower);
    if (operation == '-') has_overflown = __builtin_sub_overflow(lower, upper, &lower);
    if (operation == '*') has_overflown = __builtin_mul_overflow(lower, upper, &lower);
    if (operation == '^') lower = std::max(lower, upper);
    if (operation == '_') lower = std::min(lower, upper);
    return has_overflown ? StackFault::kOverflow : StackFault::kNone;
  }

  std::span<const int64_t> inputs_;
  std::array<int64_t, kMaxStackDepth> values_;
  size_t depth_ = 0;
};

}  // namespace

const char* stack_fault_name(StackFault fault) {
  constexpr const char* kNames[] = {"none",     "unknown operation", "missing input", "underflow",
                                    "overflow", "stack full",        "step limit",    "not one value at the end"};
  return kNames[static_cast<int>(fault)];
}

StackRun run_stack_program(std::string_view program, std::span<const int64_t> inputs) {
  StackMachine machine(inputs);
  for (int64_t i = 0; i < std::ssize(program); ++i) {
    const StackFault fault = i < kMaxStackSteps ? machine.step(program[i]) : StackFault::kStepLimit;
    if (fault != StackFault::kNone) return {.fault = fault};
  }
  return machine.result();
}

}  // namespace aha::reward
