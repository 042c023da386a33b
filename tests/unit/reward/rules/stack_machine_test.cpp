// The stack language: every operation by hand, every bound, and texts that mean harm.
#include "reward/rules/stack_machine.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace aha::reward::stack_machine_test {
namespace {

constexpr int64_t kLargest = std::numeric_limits<int64_t>::max(), kLeast = std::numeric_limits<int64_t>::min();

StackFault fault_of(const std::string& program, const std::vector<int64_t>& inputs = {7, 2}) {
  return run_stack_program(program, inputs).fault;
}

int64_t value_of(const std::string& program, const std::vector<int64_t>& inputs = {7, 2}) {
  const StackRun run = run_stack_program(program, inputs);
  EXPECT_EQ(run.fault, StackFault::kNone) << program << ": " << stack_fault_name(run.fault);
  return run.value;
}

TEST(StackMachine, EveryOperationByHand) {
  EXPECT_EQ(value_of("A"), 7);
  EXPECT_EQ(value_of("B"), 2);
  EXPECT_EQ(value_of("H", {1, 2, 3, 4, 5, 6, 7, 80}), 80);
  for (int digit = 0; digit < 10; ++digit) EXPECT_EQ(value_of(std::to_string(digit)), digit);
  EXPECT_EQ(value_of("AB+"), 9);
  EXPECT_EQ(value_of("AB-"), 5);
  EXPECT_EQ(value_of("BA-"), -5);
  EXPECT_EQ(value_of("AB*"), 14);
  EXPECT_EQ(value_of("AB^"), 7);
  EXPECT_EQ(value_of("BA^"), 7);
  EXPECT_EQ(value_of("AB_"), 2);
  EXPECT_EQ(value_of("BA_"), 2);
  EXPECT_EQ(value_of("A:*"), 49);
  EXPECT_EQ(value_of("AB~-"), -5);
  EXPECT_EQ(value_of("AB+2*3-"), 15);
  EXPECT_EQ(value_of("AB3*+"), 13);          // 7 + 2*3
  EXPECT_EQ(value_of("A B\t+\n3 *\r"), 27);  // white space means nothing
  EXPECT_EQ(value_of("AB:~-+"), 7);          // 7, 2, 2 -> 7 + (2 - 2)
}

TEST(StackMachine, NamesWhatIsWrong) {
  for (const char* program : {"x", "A!", "AB/", "a", "I", "A;B", "\x80", "A\u00d7B", "12,"}) {
    EXPECT_EQ(fault_of(program), StackFault::kUnknownOperation) << program;
  }
  EXPECT_EQ(fault_of(std::string("A\0", 2)), StackFault::kUnknownOperation);
  EXPECT_EQ(fault_of("C"), StackFault::kMissingInput);
  EXPECT_EQ(fault_of("A", {}), StackFault::kMissingInput);
  for (const char* program : {"+", "A+", "~", "A~", ":", "AB+*", "-", "^", "_"}) {
    EXPECT_EQ(fault_of(program), StackFault::kUnderflow) << program;
  }
  for (const char* program : {"", " \n", "AB", "A:", "12"}) {
    EXPECT_EQ(fault_of(program), StackFault::kNotOneValue) << program;
  }
}

TEST(StackMachine, ArithmeticNeverWraps) {
  EXPECT_EQ(value_of("A0+", {kLargest}), kLargest);
  EXPECT_EQ(value_of("A1+", {kLeast}), kLeast + 1);
  EXPECT_EQ(value_of("AB^", {kLargest, kLeast}), kLargest);
  EXPECT_EQ(value_of("AB_", {kLargest, kLeast}), kLeast);
  EXPECT_EQ(fault_of("A1+", {kLargest}), StackFault::kOverflow);
  EXPECT_EQ(fault_of("A1-", {kLeast}), StackFault::kOverflow);
  EXPECT_EQ(fault_of("A2*", {kLargest}), StackFault::kOverflow);
  EXPECT_EQ(fault_of("01-A*", {kLeast}), StackFault::kOverflow);  // -1 times the least
  EXPECT_EQ(fault_of("0A-", {kLeast}), StackFault::kOverflow);
  EXPECT_EQ(value_of("9:*:*:*:*", {}), 1'853'020'188'851'841);  // 9^16; 9^32 needs 102 bits
  EXPECT_EQ(fault_of("9:*:*:*:*:*", {}), StackFault::kOverflow);
}

TEST(StackMachine, DepthAndStepsAreBounded) {
  const auto pushes = [](int64_t count) { return std::string(count, '1'); };
  const auto sums = [](int64_t count) { return std::string(count, '+'); };
  EXPECT_EQ(value_of(pushes(kMaxStackDepth) + sums(kMaxStackDepth - 1)), kMaxStackDepth);
  EXPECT_EQ(fault_of(pushes(kMaxStackDepth + 1)), StackFault::kStackFull);
  EXPECT_EQ(fault_of("1" + std::string(kMaxStackDepth, ':')), StackFault::kStackFull);
  std::string longest = "1";
  while (std::ssize(longest) < kMaxStackSteps - 1) longest += "0+";
  longest += std::string(kMaxStackSteps - longest.size(), ' ');
  EXPECT_EQ(value_of(longest), 1);
  EXPECT_EQ(fault_of(longest + " "), StackFault::kStepLimit);
  EXPECT_EQ(fault_of(std::string(1 << 20, ' ')), StackFault::kStepLimit);
}

TEST(StackMachine, HostileTextsAreOnlyFaults) {
  const std::string hostile[] = {"__import__('os').system('id')",
                                 "while True: pass",
                                 std::string(1 << 20, '1'),
                                 std::string(1 << 20, ':'),
                                 std::string(1 << 20, '~'),
                                 std::string(1 << 20, '('),
                                 std::string(1 << 20, '\0'),
                                 "%n%n%n%s",
                                 "9999999999999999999999999999999999999999",
                                 "<answer>A</answer>"};
  for (const std::string& program : hostile) {
    EXPECT_NE(fault_of(program), StackFault::kNone) << program.substr(0, 40);
  }
}

}  // namespace
}  // namespace aha::reward::stack_machine_test
