#include "aha/ops/tensor_memory.h"

#include <ATen/ops/full.h>

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace aha::ops::tensor_memory_test {
namespace {

// Flags of the mapping that holds the address, as /proc/self/smaps lists them; empty where there is no such file.
std::string flags_at(const void* address) {
  std::ifstream smaps("/proc/self/smaps");
  const auto place = reinterpret_cast<uintptr_t>(address);
  bool is_inside = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2) is_inside = begin <= place && place < end;
    if (is_inside && line.starts_with("VmFlags:")) return line + " ";
  }
  return "";
}

TEST(TensorMemory, LargeTensorsAreAdvisedAndHoldTheirNumbers) {
  use_large_pages();
  for (int round = 0; round < 3; ++round) {
    const at::Tensor large = at::full({4 << 20}, round, at::kFloat), small = at::full({10}, round, at::kFloat);
    EXPECT_EQ(large.sum().item<float>(), round * float(4 << 20));
    EXPECT_EQ(small.sum().item<float>(), round * 10);
    const std::string flags = flags_at(large.const_data_ptr<float>() + (2 << 20));
    if (flags.empty()) GTEST_SKIP() << "no /proc/self/smaps";
    EXPECT_NE(flags.find(" hg "), std::string::npos) << flags;
  }
}

}  // namespace
}  // namespace aha::ops::tensor_memory_test
