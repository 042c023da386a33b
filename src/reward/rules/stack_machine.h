// Runs programs of a tiny stack language, one character an operation, with every bound checked.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace aha::reward {

constexpr int64_t kMaxStackSteps = 256;  // characters read, white space included
constexpr int64_t kMaxStackDepth = 32;   // values

/// Why a program gave no value.
enum class StackFault {
  kNone,
  kUnknownOperation,
  kMissingInput,
  kUnderflow,
  kOverflow,
  kStackFull,
  kStepLimit,
  kNotOneValue,
};
const char* stack_fault_name(StackFault fault);  // "none" "unknown operation" "missing input" "underflow" …

struct StackRun {
  int64_t value = 0;  // where the fault is kNone
  StackFault fault = StackFault::kNone;
};

/// The one value a program leaves on its stack, which is empty at first.
///
///   A … H    push the first … eighth input      0 … 9    push the digit
///   + - *    of the upper two values: the lower one, then the upper one
///   ^ _      the larger, the smaller of the upper two values
///   :        the top once more                  ~        exchanges the upper two
///
/// White space means nothing. Never throws; takes at most kMaxStackSteps steps whatever the text.
StackRun run_stack_program(std::string_view program, std::span<const int64_t> inputs);

}  // namespace aha::reward
