#include "aha/ops/tensor_check.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops {
namespace {

using tests::shape_error;

TEST(TensorCheck, AcceptsWhatFits) {
  TensorCheck check("linear");
  check.shape("x", torch::zeros({3, 8}), "TK").shape("weight", torch::zeros({5, 8}), "NK").size('N', 5);
  check.integers("token", torch::zeros({3}, torch::kInt64), "T", torch::kInt64);
  check.indices("token", torch::tensor({0, 4, 2}, torch::kInt64), 5);
}

TEST(TensorCheck, NamesTheLetterThatDiffers) {
  EXPECT_EQ(shape_error([] {
              TensorCheck("linear").shape("x", torch::zeros({3, 8}), "TK").shape("weight", torch::zeros({5, 7}), "NK");
            }),
            "[linear] weight: K is 7, but x has K = 8");
  EXPECT_EQ(shape_error([] {
              TensorCheck("square").shape("x", torch::zeros({3, 8}), "NN");
            }),
            "[square] x: N is 8, but x has N = 3");
}

TEST(TensorCheck, NamesDimensionsDtypesAndAbsence) {
  EXPECT_EQ(shape_error([] { TensorCheck("linear").shape("x", torch::zeros({8}), "TK"); }),
            "[linear] x: shape is [8], but must have 2 dimensions (TK)");
  EXPECT_EQ(shape_error([] {
              TensorCheck("linear").shape("x", torch::zeros({1, 1}, torch::kHalf), "TK");
            }),
            "[linear] x: dtype is Half, but must be Float or Double");
  EXPECT_EQ(
      shape_error([] {
        TensorCheck("linear").shape("x", torch::zeros({1}), "T").shape("w", torch::zeros({1}, torch::kDouble), "T");
      }),
      "[linear] w: dtype is Double, but x has Float");
  EXPECT_EQ(shape_error([] { TensorCheck("linear").shape("x", torch::Tensor(), "TK"); }), "[linear] x: is undefined");
  EXPECT_EQ(shape_error([] { TensorCheck("pick").integers("i", torch::zeros({1}), "T", torch::kInt64); }),
            "[pick] i: dtype is Float, but must be Long");
}

TEST(TensorCheck, NamesSizesAndIndices) {
  TensorCheck check("mlp");
  check.shape("gate_up", torch::zeros({7, 2}), "FD");
  EXPECT_EQ(shape_error([&] { check.size('F', 8); }), "[mlp] F must be 8, but gate_up has F = 7");
  EXPECT_EQ(shape_error([&] {
              check.indices("token", torch::tensor({1, -1}, torch::kInt64), 4);
            }),
            "[mlp] token: entry 1 is -1, but must be in [0, 4)");
}

TEST(TensorCheck, RefusesOtherDevices) {
  const torch::Tensor elsewhere = torch::zeros({1}, torch::TensorOptions().device(torch::kMeta));
  EXPECT_THROW(TensorCheck("linear").shape("x", elsewhere, "T"), DeviceError);
}

}  // namespace
}  // namespace aha::ops
