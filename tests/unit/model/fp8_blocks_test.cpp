// FP8 weights: each value times the scale of its 128 × 128 block, ragged last blocks included.
#include <ATen/ops/arange.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>

#include "model/fp8_blocks.h"

#include <gtest/gtest.h>

#include "unit/model/model_folder.h"
#include "unit/model/tiny_models.h"

namespace aha::model::fp8_blocks_test {
namespace {

using test::TemporaryFolder;
using Tensors = std::map<std::string, at::Tensor>;

at::Tensor fp8_values(at::IntArrayRef shape) {
  int64_t numel = 1;
  for (const int64_t size : shape) numel *= size;
  return at::cos(at::arange(numel, at::kFloat)).mul(4).to(at::kFloat8_e4m3fn).view(shape);
}

at::Tensor scales(const std::vector<int64_t>& weight_shape) {
  const std::vector<int64_t> shape = fp8_scale_shape(weight_shape);
  return at::rand(shape, at::kFloat).add(0.5);
}

// The rule, element by element, in float64.
at::Tensor widened(const at::Tensor& weight, const at::Tensor& scale) {
  at::Tensor out = weight.to(at::kDouble);
  auto value = out.accessor<double, 2>();
  auto by = scale.accessor<float, 2>();
  for (int64_t i = 0; i < out.size(0); ++i) {
    for (int64_t j = 0; j < out.size(1); ++j) value[i][j] *= by[i / 128][j / 128];
  }
  return out;
}

at::Tensor read_back(const at::Tensor& weight, const at::Tensor& scale, at::ScalarType dtype) {
  const TemporaryFolder folder;
  write_as_they_are(folder / "w.safetensors", {{"w", weight}});
  const SafetensorsFile file(folder / "w.safetensors");
  at::Tensor out = at::empty(weight.sizes(), dtype);
  read_fp8_into(file, file.entries()[0], scale, out);
  return out;
}

TEST(Fp8Blocks, ScalesCoverRaggedEdges) {
  EXPECT_EQ(fp8_scale_shape({576, 7168}), (std::vector<int64_t>{5, 56}));
  EXPECT_EQ(fp8_scale_shape({128, 129}), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(fp8_scale_shape({3, 1, 128}), (std::vector<int64_t>{3, 1, 1}));
  EXPECT_TRUE(fp8_scale_shape({128}).empty());
  EXPECT_EQ(fp8_scale_name("a.weight"), "a.weight_scale_inv");
}

TEST(Fp8Blocks, MatchTheRuleAroundBlockEdges) {
  for (const auto& [rows, columns] : {std::pair<int64_t, int64_t>{1, 1}, {128, 128}, {129, 127}, {300, 257}}) {
    SCOPED_TRACE(rows);
    const at::Tensor weight = fp8_values({rows, columns}), scale = scales({rows, columns});
    const at::Tensor expected = widened(weight, scale);
    EXPECT_TRUE(at::equal(read_back(weight, scale, at::kFloat), expected.to(at::kFloat)));
    EXPECT_TRUE(at::equal(read_back(weight, scale, at::kBFloat16), expected.to(at::kFloat).to(at::kBFloat16)));
  }
}

TEST(Fp8Blocks, SpanSeveralReads) {
  // 9000 rows of 1024 are more than the 8 MB that are read at a time.
  const at::Tensor weight = fp8_values({9000, 1024}), scale = scales({9000, 1024});
  const at::Tensor wide = scale.repeat_interleave(128, 0).repeat_interleave(128, 1).narrow(0, 0, 9000);
  EXPECT_TRUE(at::equal(read_back(weight, scale, at::kFloat), weight.to(at::kFloat) * wide));
}

TEST(Fp8Blocks, OfExpertsInOneTensorBeginAnewWithEachExpert) {
  const at::Tensor weight = fp8_values({3, 130, 140}), scale = scales({3, 130, 140});
  const at::Tensor read = read_back(weight, scale, at::kFloat);
  for (int64_t e = 0; e < 3; ++e) {
    const at::Tensor expert = weight.to(at::kFloat)[e];
    EXPECT_TRUE(at::equal(read[e], widened(expert, scale[e]).to(at::kFloat))) << e;
  }
}

class Fp8Folder : public testing::Test {
 protected:
  Fp8Folder() {
    ModelConfig config = tiny_deepseek_v2();
    config.intermediate_size = 150;  // two blocks
    Model::make(config, 3).save(folder_.path());
    tensors_ = tensors_of(file());
    at::Tensor& down = tensors_.at(kDown);
    down = down.to(at::kFloat8_e4m3fn);
    tensors_[kScale] = scales(down.sizes().vec());
  }
  std::filesystem::path file() const { return folder_ / "model.safetensors"; }
  std::string refusal() const {
    write_as_they_are(file(), tensors_);
    return refusal_of(folder_.path());
  }

  static constexpr const char* kDown = "model.layers.0.mlp.down_proj.weight";
  static constexpr const char* kScale = "model.layers.0.mlp.down_proj.weight_scale_inv";
  const TemporaryFolder folder_;
  Tensors tensors_;
};

TEST_F(Fp8Folder, LoadsAsTheWeightsItStandsFor) {
  write_as_they_are(file(), tensors_);
  const Model model = load(folder_.path());
  ASSERT_EQ(tensors_.at(kScale).sizes(), (std::vector<int64_t>{1, 2}));
  EXPECT_TRUE(
      at::equal(model.parameter("layers.0.mlp.down"), widened(tensors_.at(kDown), tensors_.at(kScale)).to(at::kFloat)));
  const at::Tensor up = model.parameter("layers.0.mlp.gate_up").slice(0, 150, 300);
  EXPECT_TRUE(at::equal(up, tensors_.at("model.layers.0.mlp.up_proj.weight")));
}

TEST_F(Fp8Folder, NeedsAScaleOfTheRightShape) {
  tensors_.at(kScale) = at::ones({2, 1});
  EXPECT_NE(refusal().find("mis-shaped: model.layers.0.mlp.down_proj.weight_scale_inv is [2, 1], not [1, 2]"),
            std::string::npos);
  tensors_.at(kScale) = at::ones({1, 2}, at::kChar);
  EXPECT_NE(refusal().find("of a dtype that is not read: model.layers.0.mlp.down_proj.weight_scale_inv is I8"),
            std::string::npos);
  tensors_.erase(kScale);
  EXPECT_NE(refusal().find("missing: model.layers.0.mlp.down_proj.weight_scale_inv;"), std::string::npos);
}

TEST_F(Fp8Folder, RefusesScalesWithoutAnFp8WeightAndOtherEightBits) {
  tensors_["model.layers.0.mlp.up_proj.weight_scale_inv"] = at::ones({2, 1});
  EXPECT_NE(refusal().find("unexpected: \"model.layers.0.mlp.up_proj.weight_scale_inv\""), std::string::npos);
  tensors_.erase("model.layers.0.mlp.up_proj.weight_scale_inv");

  tensors_.at(kDown) = tensors_.at(kDown).to(at::kFloat).to(at::kFloat8_e5m2);
  EXPECT_NE(refusal().find("of a dtype that is not read: model.layers.0.mlp.down_proj.weight is F8_E5M2"),
            std::string::npos);
  tensors_.at(kDown) = at::ones({12, 150}).to(at::kFloat8_e4m3fn);
  tensors_.at("model.norm.weight") = at::ones({12}).to(at::kFloat8_e4m3fn);
  EXPECT_NE(refusal().find("of a dtype that is not read: model.norm.weight is F8_E4M3"), std::string::npos);
}

}  // namespace
}  // namespace aha::model::fp8_blocks_test
