// Devices by name.
#include "model/device.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"

namespace aha::model::device_test {
namespace {

TEST(Device, OfTheCpuHasTwoNames) {
  EXPECT_TRUE(find_device("cpu").is_cpu());
  EXPECT_TRUE(find_device("auto").is_cpu());
}

TEST(Device, OfCudaIsThereOrItIsSaidWhatIsMissing) {
  try {
    EXPECT_TRUE(find_device("cuda").is_cuda());
  } catch (const MissingError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("device: cuda ")) << error.what();
    EXPECT_TRUE(std::string(error.what()).ends_with("use device cpu")) << error.what();
  }
}

TEST(Device, OfAnotherNameIsRefused) { EXPECT_THROW(find_device("tpu"), ConfigError); }

}  // namespace
}  // namespace aha::model::device_test
