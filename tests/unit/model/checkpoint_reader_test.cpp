// What other programs put into a model folder: dtypes, fused experts, end tokens, files that lie.
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>

#include <gtest/gtest.h>

#include "unit/model/model_folder.h"
#include "unit/model/tiny_models.h"

namespace aha::model::checkpoint_reader_test {
namespace {

using test::TemporaryFolder;
using Tensors = std::map<std::string, at::Tensor>;

class ReadFolder : public testing::Test {
 protected:
  void save(const ModelConfig& config) {
    model_ = std::make_unique<Model>(Model::make(config, 9));
    stir(*model_);
    model_->save(folder_.path());
    tensors_ = tensors_of(file());
  }
  std::filesystem::path file() const { return folder_ / "model.safetensors"; }
  Model read(const LoadOptions& options = {}) const {
    write_as_they_are(file(), tensors_);
    return load(folder_.path(), options);
  }
  std::string refusal() const {
    write_as_they_are(file(), tensors_);
    return refusal_of(folder_.path());
  }
  void fuse_experts(const std::string& prefix, int64_t num_experts) {
    std::vector<at::Tensor> gate_up, down;
    for (int64_t e = 0; e < num_experts; ++e) {
      const std::string expert = prefix + std::to_string(e) + ".";
      gate_up.push_back(at::cat({take(expert + "gate_proj.weight"), take(expert + "up_proj.weight")}));
      down.push_back(take(expert + "down_proj.weight"));
    }
    tensors_[prefix + "gate_up_proj"] = at::stack(gate_up);
    tensors_[prefix + "down_proj"] = at::stack(down);
  }
  at::Tensor take(const std::string& name) { return tensors_.extract(name).mapped(); }

  const TemporaryFolder folder_;
  std::unique_ptr<Model> model_;
  Tensors tensors_;
};

TEST_F(ReadFolder, TakesEachFloatDtypeIntoEach) {
  save(tiny_qwen3());
  const Tensors originals = tensors_;
  for (const at::ScalarType stored : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16}) {
    for (auto& [name, tensor] : tensors_) tensor = originals.at(name).to(stored);
    for (const auto& [asked, dtype] :
         {std::pair{"float32", at::kFloat}, {"float64", at::kDouble}, {"bfloat16", at::kBFloat16}}) {
      const Model model = read({.dtype = asked});
      EXPECT_EQ(model.dtype(), dtype);
      EXPECT_TRUE(
          at::equal(model.parameter("layers.1.mlp.down"), tensors_.at("model.layers.1.mlp.down_proj.weight").to(dtype)))
          << stored << " as " << asked;
    }
  }
}

TEST_F(ReadFolder, WeightsInBfloat16AreForReadingOnly) {
  save(tiny_config());
  const Model model = read({.dtype = "bfloat16"});
  for (const NamedTensor& item : model.weights()) EXPECT_FALSE(item.tensor.requires_grad()) << item.name;
  EXPECT_TRUE(read().parameter("norm").requires_grad());
  EXPECT_EQ(model.buffer("layers.1.mlp.expert_bias").scalar_type(), at::kFloat);
}

TEST_F(ReadFolder, HasNoMtpModuleWhereTransformers5OnlyStatesOne) {
  save(tiny_config());
  std::erase_if(tensors_, [](const auto& item) { return item.first.starts_with("model.layers.2."); });
  const auto as_written_by = [&](const char* version) {
    auto json = nlohmann::json::parse(read_file(folder_ / "config.json"));
    json["transformers_version"] = version;
    write_file_atomic(folder_ / "config.json", json.dump());
  };
  as_written_by("4.57.1");
  EXPECT_NE(refusal().find("set num_nextn_predict_layers to 0 there"), std::string::npos);
  as_written_by("5.23.0");
  const Model without = read();
  EXPECT_EQ(without.config().num_nextn_predict_layers, 0);
  EXPECT_TRUE(at::equal(without.parameter("norm"), model_->parameter("norm")));
  // A part of the module is a damaged one.
  tensors_["model.layers.2.enorm.weight"] = at::ones({model_->config().hidden_size});
  EXPECT_NE(refusal().find("model.layers.2.hnorm.weight"), std::string::npos);
}

TEST_F(ReadFolder, TakesFusedExperts) {
  for (const ModelConfig& config : {tiny_qwen3_moe(), tiny_config()}) {
    save(config);
    fuse_experts("model.layers.1.mlp.experts.", 8);  // the MTP module's stay apart
    expect_same_model(*model_, read());
  }
}

TEST_F(ReadFolder, RefusesExpertsOfTwoMinds) {
  save(tiny_qwen3_moe());
  const at::Tensor down = tensors_.at("model.layers.1.mlp.experts.3.down_proj.weight");
  fuse_experts("model.layers.1.mlp.experts.", 8);
  tensors_["model.layers.1.mlp.experts.3.down_proj.weight"] = down;
  EXPECT_NE(refusal().find("unexpected: \"model.layers.1.mlp.experts.3.down_proj.weight\""), std::string::npos);
  take("model.layers.1.mlp.experts.3.down_proj.weight");
  at::Tensor& fused = tensors_.at("model.layers.1.mlp.experts.gate_up_proj");
  fused = fused.transpose(1, 2);  // as some programs keep them
  EXPECT_NE(refusal().find("mis-shaped: model.layers.1.mlp.experts.gate_up_proj is [8, 12, 20], not [8, 20, 12]"),
            std::string::npos);
}

TEST_F(ReadFolder, NamesDtypesItDoesNotRead) {
  save(tiny_llama());
  tensors_.at("lm_head.weight") = at::ones({23, 24}, at::kChar);
  EXPECT_NE(refusal().find("of a dtype that is not read: lm_head.weight is I8"), std::string::npos);
}

TEST_F(ReadFolder, PassesOverTensorsWithoutElements) {
  save(plain_config());  // transformers writes its shared experts of width 0
  tensors_["model.layers.1.mlp.shared_experts.gate_proj.weight"] = at::empty({0, 12});
  expect_same_model(*model_, read());
}

TEST_F(ReadFolder, MissingBiasesAreNamed) {
  save(tiny_qwen2());
  take("model.layers.0.self_attn.v_proj.bias");
  EXPECT_NE(refusal().find("missing: model.layers.0.self_attn.v_proj.bias;"), std::string::npos);
}

TEST_F(ReadFolder, AddsTheEndTokensOfGenerationConfig) {
  ModelConfig config = tiny_llama();
  config.eos_token_ids = {7};
  save(config);
  const auto ids_with = [&](const char* json) {
    write_file_atomic(folder_ / "generation_config.json", json);
    return load(folder_.path()).config().eos_token_ids;
  };
  EXPECT_EQ(ids_with(R"({"eos_token_id": [3, 7, 9, 3]})"), (std::vector<int64_t>{7, 3, 9}));
  EXPECT_EQ(ids_with(R"({"eos_token_id": 4})"), (std::vector<int64_t>{7, 4}));
  EXPECT_EQ(ids_with(R"({"eos_token_id": null, "temperature": 0.6})"), (std::vector<int64_t>{7}));
  std::filesystem::remove(folder_ / "generation_config.json");
  EXPECT_EQ(load(folder_.path()).config().eos_token_ids, (std::vector<int64_t>{7}));

  write_file_atomic(folder_ / "generation_config.json", R"({"eos_token_id": 23})");
  EXPECT_NE(
      refusal_of(folder_.path()).find("generation_config.json: eos_token_id: must be an integer between 0 and 22"),
      std::string::npos);
  write_file_atomic(folder_ / "generation_config.json", "[]");
  EXPECT_NE(refusal_of(folder_.path()).find("generation_config.json: must be a JSON object"), std::string::npos);
}

TEST_F(ReadFolder, RefusesTruncatedAndOverlappingFiles) {
  save(tiny_llama());
  const std::string bytes = read_file(file());
  for (const size_t kept : {size_t{0}, size_t{7}, size_t{100}, bytes.size() - 1}) {
    write_file_atomic(file(), bytes.substr(0, kept));
    EXPECT_NE(refusal_of(folder_.path()).find("model.safetensors"), std::string::npos) << kept;
  }
  write_file_atomic(file(), bytes + "x");
  EXPECT_NE(refusal_of(folder_.path()).find("cut off or damaged"), std::string::npos);
}

}  // namespace
}  // namespace aha::model::checkpoint_reader_test
