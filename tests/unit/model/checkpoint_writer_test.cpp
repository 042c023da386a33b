// Saved folders: dtypes and rounding, shards and their index, what an earlier save left, adapters merged.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>

#include <gtest/gtest.h>

#include "unit/model/model_folder.h"
#include "unit/model/tiny_models.h"

namespace aha::model::checkpoint_writer_test {
namespace {

using test::sentence_of;
using test::TemporaryFolder;
using Names = std::set<std::string>;

constexpr const char* kIndex = "model.safetensors.index.json";

Model stirred(const ModelConfig& config) {
  Model model = Model::make(config, 5);
  stir(model);
  return model;
}

nlohmann::json json_of(const std::filesystem::path& path) { return nlohmann::json::parse(read_file(path)); }

TEST(SavedModel, OfEveryFamilyLoadsAsItWas) {
  for (const ModelConfig& config :
       {tiny_config(), tiny_deepseek_v2(), tiny_qwen2(), tiny_qwen3(), tiny_qwen3_moe(), tiny_llama()}) {
    SCOPED_TRACE(config.model_type);
    const TemporaryFolder folder;
    const Model model = stirred(config);
    model.save(folder.path());
    expect_same_model(model, load(folder.path()));
  }
}

TEST(SavedModel, HasTheNamesOfItsFamily) {
  const TemporaryFolder folder;
  const Model model = stirred(tiny_qwen2());
  model.save(folder.path());
  const auto saved = tensors_of(folder / "model.safetensors");
  EXPECT_FALSE(saved.contains("lm_head.weight"));
  EXPECT_TRUE(
      at::equal(saved.at("model.layers.1.self_attn.k_proj.bias"), model.parameter("layers.1.attention.k_bias")));

  const Model moe = stirred(tiny_qwen3_moe());
  moe.save(folder.path());
  const auto experts = tensors_of(folder / "model.safetensors");
  EXPECT_TRUE(
      at::equal(experts.at("model.layers.0.self_attn.q_norm.weight"), moe.parameter("layers.0.attention.q_norm")));
  EXPECT_TRUE(at::equal(experts.at("model.layers.1.mlp.gate.weight"), moe.parameter("layers.1.mlp.router")));
  EXPECT_TRUE(at::equal(experts.at("model.layers.1.mlp.experts.5.up_proj.weight"),
                        moe.parameter("layers.1.mlp.experts.gate_up")[5].slice(0, 10, 20)));
  for (const auto& [name, tensor] : experts) EXPECT_EQ(name.find("e_score_correction_bias"), std::string::npos);
}

TEST(SavedModel, LoadsBackToTheSameBytesInEachDtype) {
  for (const char* dtype : {"float32", "bfloat16"}) {
    const TemporaryFolder first, second;
    stirred(tiny_config()).save(first.path(), {.dtype = dtype});
    load(first.path(), {.dtype = dtype}).save(second.path());
    for (const char* name : {"model.safetensors", "config.json", "generation_config.json"}) {
      EXPECT_EQ(read_file(first / name), read_file(second / name)) << dtype << " " << name;
    }
    EXPECT_EQ(json_of(second / "config.json")["dtype"], dtype);
  }
}

TEST(SavedModel, RoundsToNearestEvenAndKeepsTheGatesBias) {
  const TemporaryFolder folder;
  const Model model = stirred(tiny_config());
  {
    const at::NoGradGuard no_grad;
    // bfloat16 keeps 8 bits: halves go to the even neighbour. 1 + 2^-8 is a half, 1 + 3 · 2^-8 too.
    const float values[] = {1 + 0x1p-8f, 1 + 0x3p-8f, 1 + 0x1p-8f + 0x1p-20f, -1 - 0x1p-8f};
    for (int i = 0; i < 4; ++i) at::Tensor(model.parameter("norm"))[i] = values[i];
  }
  model.save(folder.path(), {.dtype = "bfloat16"});
  const at::Tensor norm = tensors_of(folder / "model.safetensors").at("model.norm.weight");
  const float rounded[] = {1, 1 + 0x1p-6f, 1 + 0x1p-7f, -1};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(norm[i].item<float>(), rounded[i]) << i;
  for (const auto& [name, dtype] : dtypes_of(folder / "model.safetensors")) {
    EXPECT_EQ(dtype, name.ends_with("e_score_correction_bias") ? "F32" : "BF16") << name;
  }
  EXPECT_TRUE(
      at::equal(load(folder.path()).buffer("layers.1.mlp.expert_bias"), model.buffer("layers.1.mlp.expert_bias")));
}

TEST(SavedModel, OfFloat64IsFloat32UnlessAskedOtherwise) {
  const TemporaryFolder folder;
  const Model model = Model::make(tiny_llama(), 5, at::kDouble);
  model.save(folder.path());
  EXPECT_EQ(dtypes_of(folder / "model.safetensors").at("lm_head.weight"), "F32");
  EXPECT_EQ(json_of(folder / "config.json")["torch_dtype"], "float32");
  model.save(folder.path(), {.dtype = "float16"});
  EXPECT_EQ(dtypes_of(folder / "model.safetensors").at("lm_head.weight"), "F16");
  EXPECT_EQ(json_of(folder / "config.json")["dtype"], "float16");
  EXPECT_THROW(model.save(folder.path(), {.dtype = "int8"}), ConfigError);
}

TEST(SavedModel, ThatWouldOverflowLeavesTheOldFile) {
  const TemporaryFolder folder;
  const Model model = stirred(tiny_llama());
  model.save(folder.path());
  const std::string before = read_file(folder / "model.safetensors");
  {
    const at::NoGradGuard no_grad;
    at::Tensor(model.parameter("norm"))[2] = 70000;
  }
  const std::string sentence = sentence_of<InputError>([&] { model.save(folder.path(), {.dtype = "float16"}); });
  EXPECT_NE(sentence.find("model.norm.weight: has values beyond the range of F16"), std::string::npos) << sentence;
  EXPECT_EQ(read_file(folder / "model.safetensors"), before);
  EXPECT_EQ(folder.names(), (Names{"config.json", "generation_config.json", "model.safetensors"}));
}

TEST(SavedModel, IsCutIntoShardsOfASetSize) {
  const TemporaryFolder folder;
  const Model model = stirred(tiny_config());
  constexpr int64_t kMost = 2000;
  model.save(folder.path(), {.dtype = "", .max_shard_bytes = kMost});
  EXPECT_FALSE(folder.names().contains("model.safetensors"));
  const nlohmann::json index = json_of(folder / kIndex);
  std::map<std::string, int64_t> bytes;
  std::map<std::string, int> tensors;
  int64_t total = 0;
  for (const std::string& name : folder.names()) {
    if (!name.ends_with(".safetensors")) continue;
    const SafetensorsFile file(folder / name);
    for (const SafetensorsEntry& entry : file.entries()) {
      EXPECT_EQ(index["weight_map"].at(entry.name), name);
      bytes[name] += entry.end - entry.begin;
      ++tensors[name];
    }
    EXPECT_TRUE(bytes[name] <= kMost || tensors[name] == 1) << name;
    total += bytes[name];
  }
  const std::string last = bytes.rbegin()->first;
  EXPECT_EQ(last, fmt::format("model-{0:05}-of-{0:05}.safetensors", bytes.size()));
  EXPECT_GT(bytes.size(), 3u);
  EXPECT_EQ(index["metadata"]["total_size"], total);
  expect_same_model(model, load(folder.path()));
  EXPECT_THROW(model.save(folder.path(), {.dtype = "", .max_shard_bytes = 0}), ConfigError);
}

TEST(SavedModel, ReplacesTheWeightFilesOfAnEarlierSave) {
  const TemporaryFolder folder;
  const Model old = stirred(tiny_config()), model = stirred(tiny_llama());
  write_file_atomic(folder / "model-final.safetensors", "mine");
  old.save(folder.path());
  model.save(folder.path(), {.dtype = "", .max_shard_bytes = 3000});
  expect_same_model(model, load(folder.path()));
  const size_t num_files = folder.names().size();
  old.save(folder.path(), {.dtype = "", .max_shard_bytes = 1000});
  EXPECT_GT(folder.names().size(), num_files);
  model.save(folder.path(), {.dtype = "", .max_shard_bytes = 3000});
  EXPECT_EQ(folder.names().size(), num_files);
  model.save(folder.path());
  expect_same_model(model, load(folder.path()));
  EXPECT_EQ(folder.names(),
            (Names{"config.json", "generation_config.json", "model-final.safetensors", "model.safetensors"}));
}

TEST(SavedModel, HasItsAdaptersMerged) {
  const TemporaryFolder folder;
  Model model = stirred(tiny_qwen2());
  model.add_lora({.r = 2, .alpha = 4, .target_modules = {"q_proj", "up_proj"}}, 1);
  {
    const at::NoGradGuard no_grad;
    for (const NamedTensor& item : model.parameters()) at::Tensor(item.tensor).add_(0.1);
  }
  model.save(folder.path());
  const Model merged = load(folder.path());
  EXPECT_FALSE(at::equal(merged.parameter("layers.0.attention.q_proj"), model.parameter("layers.0.attention.q_proj")));
  model.merge_lora();
  expect_same_model(model, merged);
}

}  // namespace
}  // namespace aha::model::checkpoint_writer_test
