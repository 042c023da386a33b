#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/generated/variable_factories.h>

#include "aha/ops/tensor_check.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "unit/ops/random_tensor.h"

namespace aha::ops::tensor_check_test {
namespace {

using tests::shape_error;

TEST(TensorCheck, AcceptsWhatFits) {
  TensorCheck check("linear");
  check.shape("x", at::zeros({3, 8}), "TK").shape("weight", at::zeros({5, 8}), "NK").size('N', 5);
  check.integers("token", at::zeros({3}, at::kLong), "T", at::kLong);
  check.indices("token", torch::tensor({0, 4, 2}, at::kLong), 5);
}

TEST(TensorCheck, NamesTheLetterThatDiffers) {
  EXPECT_EQ(shape_error([] {
              TensorCheck("linear").shape("x", at::zeros({3, 8}), "TK").shape("weight", at::zeros({5, 7}), "NK");
            }),
            "[linear] weight: K is 7, but x has K = 8");
  EXPECT_EQ(shape_error([] {
              TensorCheck("square").shape("x", at::zeros({3, 8}), "NN");
            }),
            "[square] x: N is 8, but x has N = 3");
}

TEST(TensorCheck, NamesDimensionsDtypesAndAbsence) {
  EXPECT_EQ(shape_error([] { TensorCheck("linear").shape("x", at::zeros({8}), "TK"); }),
            "[linear] x: shape is [8], but must have 2 dimensions (TK)");
  EXPECT_EQ(shape_error([] {
              TensorCheck("linear").shape("x", at::zeros({1, 1}, at::kHalf), "TK");
            }),
            "[linear] x: dtype is Half, but must be Float or Double");
  EXPECT_EQ(shape_error([] {
              TensorCheck("linear").shape("x", at::zeros({1}), "T").shape("w", at::zeros({1}, at::kDouble), "T");
            }),
            "[linear] w: dtype is Double, but x has Float");
  EXPECT_EQ(shape_error([] { TensorCheck("linear").shape("x", at::Tensor(), "TK"); }), "[linear] x: is undefined");
  EXPECT_EQ(shape_error([] { TensorCheck("pick").integers("i", at::zeros({1}), "T", at::kLong); }),
            "[pick] i: dtype is Float, but must be Long");
}

TEST(TensorCheck, NamesSizesAndIndices) {
  TensorCheck check("mlp");
  check.shape("gate_up", at::zeros({7, 2}), "FD");
  EXPECT_EQ(shape_error([&] { check.size('F', 8); }), "[mlp] F must be 8, but gate_up has F = 7");
  EXPECT_EQ(shape_error([&] {
              check.indices("token", torch::tensor({1, -1}, at::kLong), 4);
            }),
            "[mlp] token: entry 1 is -1, but must be in [0, 4)");
}

TEST(TensorCheck, RefusesOtherDevices) {
  const at::Tensor elsewhere = at::zeros({1}, at::TensorOptions().device(at::kMeta));
  EXPECT_THROW(TensorCheck("linear").shape("x", elsewhere, "T"), DeviceError);
}

}  // namespace
}  // namespace aha::ops::tensor_check_test
