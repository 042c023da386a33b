// What loading and saving take of memory beside the model: a block, whatever the dtypes.
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <gtest/gtest.h>

#include "model/hf_names.h"
#include "model/layout.h"
#include "model/tensor_file.h"
#include "support/peak_memory.h"
#include "unit/model/model_folder.h"
#include "unit/model/tiny_models.h"

namespace aha::model::checkpoint_memory_test {
namespace {

using test::TemporaryFolder;
using tests::peak_bytes_of;

constexpr int64_t kBlocks = 24 << 20;  // a block read, a block converted, the allocator's own

ModelConfig large_config() {
  ModelConfig config = tiny_qwen3_moe();
  config.vocab_size = 1 << 13;
  config.hidden_size = 1024;
  config.intermediate_size = 4096;
  config.moe_intermediate_size = 512;
  return config;  // 39 million parameters, 157 MB as float32
}

/// Writes the folder without a model in memory.
void write_large_folder(const ModelConfig& config, const std::filesystem::path& folder, at::ScalarType dtype) {
  std::vector<NamedTensor> ours;
  for (const TensorSpec& spec : parameter_layout(config)) {
    ours.push_back({spec.name, at::empty(spec.shape, at::TensorOptions().device(at::kMeta))});
  }
  std::vector<FileTensor> tensors;
  for (const NamedTensor& view : hf_views(ours, config)) {
    const std::vector<int64_t> shape = view.tensor.sizes().vec();
    tensors.push_back({view.name, shape, dtype, [shape] { return at::full(shape, 0.5f); }});
  }
  write_tensor_file(folder / "model.safetensors", tensors);
  write_file_atomic(folder / "config.json", model_config_json(config).dump());
}

TEST(CheckpointMemory, IsTheModelAndABlock) {
  const TemporaryFolder folder;
  // What LibTorch sets up on first use is not counted.
  Model::make(tiny_qwen3_moe(), 1).save(folder.path(), {.dtype = "bfloat16"});
  load(folder.path());
  const ModelConfig config = large_config();
  write_large_folder(config, folder.path(), at::kBFloat16);

  std::optional<Model> model;
  const int64_t weights = config.num_parameters() * static_cast<int64_t>(sizeof(float));
  ASSERT_GT(weights, 150'000'000);
  EXPECT_LT(peak_bytes_of([&] { model.emplace(load(folder.path())); }), weights + kBlocks);
  EXPECT_EQ(model->parameter("lm_head")[7][7].item<float>(), 0.5f);
  EXPECT_LT(peak_bytes_of([&] { model->save(folder.path(), {.dtype = "bfloat16"}); }), kBlocks);
}

}  // namespace
}  // namespace aha::model::checkpoint_memory_test
