// Model folders: what is saved loads bit for bit; what does not fit is named.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/model/model.h"
#include "aha/model/safetensors.h"
#include "unit/core/temporary_folder.h"
#include "unit/model/tiny_models.h"

namespace aha::model::checkpoint_test {
namespace {

using test::sentence_of;
using test::TemporaryFolder;

Model random_model(const ModelConfig& config) {
  Model model = Model::make(config, 11);
  const at::NoGradGuard no_grad;
  // Norms and biases start constant: give them values that a mix-up would show.
  for (const NamedTensor& item : model.parameters()) {
    if (item.tensor.dim() == 1) at::Tensor(item.tensor).uniform_(0.5, 1.5);
  }
  for (const NamedTensor& item : model.buffers()) at::Tensor(item.tensor).uniform_(-0.1, 0.1);
  return model;
}

void expect_equal(const Model& a, const Model& b) {
  ASSERT_EQ(a.parameters().size(), b.parameters().size());
  for (const NamedTensor& item : a.parameters())
    EXPECT_TRUE(at::equal(item.tensor, b.parameter(item.name))) << item.name;
  for (const NamedTensor& item : a.buffers()) EXPECT_TRUE(at::equal(item.tensor, b.buffer(item.name))) << item.name;
}

using Edit = std::function<void(std::vector<NamedTensor>&)>;

/// Rewrites the weights of a folder.
void edit_weights(const std::filesystem::path& folder, const Edit& edit) {
  std::vector<NamedTensor> tensors;
  {
    const SafetensorsFile file(folder / "model.safetensors");
    for (const SafetensorsEntry& entry : file.entries()) {
      tensors.push_back({entry.name, file.read(entry, at::kFloat)});
    }
  }
  edit(tensors);
  write_safetensors(folder / "model.safetensors", tensors);
}

void remove_tensor(std::vector<NamedTensor>& tensors, const std::string& name) {
  ASSERT_EQ(std::erase_if(tensors, [&](const NamedTensor& item) { return item.name == name; }), 1);
}

std::string loading(const std::filesystem::path& folder, const LoadOptions& options = {}) {
  return sentence_of<InputError>([&] { load(folder, options); });
}

TEST(Checkpoint, LoadsWhatItSaved) {
  for (const ModelConfig& config : {tiny_config(), plain_config()}) {
    const TemporaryFolder folder;
    const Model model = random_model(config);
    model.save(folder.path());
    EXPECT_EQ(folder.names(), (std::set<std::string>{"config.json", "generation_config.json", "model.safetensors"}));
    expect_equal(model, load(folder.path()));
  }
}

TEST(Checkpoint, LoadsAsFloat64) {
  const TemporaryFolder folder;
  const Model model = random_model(tiny_config());
  model.save(folder.path());
  const Model exact = load(folder.path(), {.dtype = "float64"});
  EXPECT_EQ(exact.dtype(), at::kDouble);
  EXPECT_TRUE(at::equal(exact.parameter("lm_head"), model.parameter("lm_head").to(at::kDouble)));
}

TEST(Checkpoint, CarriesHuggingFaceNamesAndCuts) {
  const TemporaryFolder folder;
  const Model model = random_model(tiny_config());
  model.save(folder.path());
  const SafetensorsFile file(folder / "model.safetensors");
  std::map<std::string, at::Tensor> saved;
  for (const SafetensorsEntry& entry : file.entries()) saved[entry.name] = file.read(entry, at::kFloat);

  // Gate rows stand before up rows in our tensors; I = 10 here.
  const at::Tensor gate_up = model.parameter("layers.1.mlp.experts.gate_up")[7];
  EXPECT_TRUE(at::equal(saved.at("model.layers.1.mlp.experts.7.gate_proj.weight"), gate_up.slice(0, 0, 10)));
  EXPECT_TRUE(at::equal(saved.at("model.layers.1.mlp.experts.7.up_proj.weight"), gate_up.slice(0, 10, 20)));
  EXPECT_TRUE(at::equal(saved.at("model.layers.1.mlp.experts.0.down_proj.weight"),
                        model.parameter("layers.1.mlp.experts.down")[0]));
  const std::pair<const char*, const char*> names[] = {
      {"model.embed_tokens.weight", "embed_tokens"},
      {"model.norm.weight", "norm"},
      {"lm_head.weight", "lm_head"},
      {"model.layers.0.input_layernorm.weight", "layers.0.input_layernorm"},
      {"model.layers.0.self_attn.q_a_proj.weight", "layers.0.attention.q_a_proj"},
      {"model.layers.0.self_attn.q_a_layernorm.weight", "layers.0.attention.q_a_layernorm"},
      {"model.layers.0.self_attn.kv_a_proj_with_mqa.weight", "layers.0.attention.kv_a_proj_with_mqa"},
      {"model.layers.0.self_attn.o_proj.weight", "layers.0.attention.o_proj"},
      {"model.layers.0.mlp.down_proj.weight", "layers.0.mlp.down"},
      {"model.layers.1.mlp.gate.weight", "layers.1.mlp.router"},
      {"model.layers.1.mlp.shared_experts.down_proj.weight", "layers.1.mlp.shared_experts.down"},
      {"model.layers.2.eh_proj.weight", "layers.2.eh_proj"},
      {"model.layers.2.shared_head.norm.weight", "layers.2.shared_head_norm"},
      {"model.layers.2.embed_tokens.weight", "embed_tokens"},
      {"model.layers.2.shared_head.head.weight", "lm_head"},
  };
  for (const auto& [theirs, ours] : names) {
    ASSERT_TRUE(saved.contains(theirs)) << theirs;
    EXPECT_TRUE(at::equal(saved.at(theirs), model.parameter(ours))) << theirs;
  }
  EXPECT_TRUE(
      at::equal(saved.at("model.layers.1.mlp.gate.e_score_correction_bias"), model.buffer("layers.1.mlp.expert_bias")));
}

TEST(Checkpoint, TiedModelsHaveNoHeadOfTheirOwn) {
  const TemporaryFolder folder;
  const Model model = random_model(plain_config());
  model.save(folder.path());
  edit_weights(folder.path(), [&](std::vector<NamedTensor>& tensors) {
    for (const NamedTensor& item : tensors) EXPECT_NE(item.name, "lm_head.weight");
    tensors.push_back({"lm_head.weight", model.parameter("embed_tokens").clone()});
  });
  expect_equal(model, load(folder.path()));  // some files carry the copy
  edit_weights(folder.path(), [](std::vector<NamedTensor>& tensors) { tensors.back().tensor += 1; });
  EXPECT_NE(loading(folder.path()).find("lm_head.weight: differs from the tensor it is a copy of"), std::string::npos);
}

TEST(Checkpoint, WritesEndTokensForGeneration) {
  const TemporaryFolder folder;
  ModelConfig config = plain_config();
  config.eos_token_ids = {3, 5};
  config.bos_token_id = 1;
  Model::make(config, 1).save(folder.path());
  const auto json = nlohmann::json::parse(read_file(folder / "generation_config.json"));
  EXPECT_EQ(json["eos_token_id"], (std::vector<int64_t>{3, 5}));
  EXPECT_EQ(json["bos_token_id"], 1);
  EXPECT_FALSE(json.contains("pad_token_id"));
}

TEST(Checkpoint, NamesAllTensorsThatDoNotFit) {
  const TemporaryFolder folder;
  random_model(tiny_config()).save(folder.path());
  edit_weights(folder.path(), [](std::vector<NamedTensor>& tensors) {
    remove_tensor(tensors, "model.layers.1.mlp.experts.3.up_proj.weight");
    remove_tensor(tensors, "model.norm.weight");
    tensors.push_back({"model.norm.bias", at::ones({12})});
    tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", at::ones({2})});  // old files carry it
    for (NamedTensor& item : tensors) {
      if (item.name == "lm_head.weight") item.tensor = item.tensor.t();
    }
  });
  const std::string sentence = loading(folder.path());
  EXPECT_NE(sentence.find("model.safetensors: tensors do not fit config.json; missing: "), std::string::npos);
  EXPECT_NE(sentence.find("model.layers.1.mlp.experts.3.up_proj.weight"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("model.norm.weight; unexpected: \"model.norm.bias\"; mis-shaped: lm_head.weight is [12, 23], "
                          "not [23, 12]"),
            std::string::npos)
      << sentence;
}

TEST(Checkpoint, PassesOverAnMtpModuleTheConfigLacks) {
  const TemporaryFolder folder;
  const Model model = random_model(tiny_config());
  model.save(folder.path());
  auto json = nlohmann::json::parse(read_file(folder / "config.json"));
  json["num_nextn_predict_layers"] = 0;
  write_file_atomic(folder / "config.json", json.dump());
  const Model without = load(folder.path());
  EXPECT_TRUE(at::equal(without.parameter("lm_head"), model.parameter("lm_head")));
  EXPECT_THROW(without.parameter("layers.2.eh_proj"), ShapeError);
}

TEST(Checkpoint, SaysHowToGoOnWithoutAnMtpModule) {
  const TemporaryFolder folder;
  random_model(tiny_config()).save(folder.path());
  edit_weights(folder.path(), [](std::vector<NamedTensor>& tensors) {
    std::erase_if(tensors, [](const NamedTensor& item) { return item.name.starts_with("model.layers.2."); });
  });
  EXPECT_NE(loading(folder.path()).find("set num_nextn_predict_layers to 0 there"), std::string::npos);
}

TEST(Checkpoint, CopiesOfTheEmbeddingMustAgree) {
  const TemporaryFolder folder;
  random_model(tiny_config()).save(folder.path());
  edit_weights(folder.path(), [](std::vector<NamedTensor>& tensors) {
    for (NamedTensor& item : tensors) {
      if (item.name == "model.layers.2.embed_tokens.weight") item.tensor[0][0] += 1;
    }
  });
  EXPECT_NE(loading(folder.path()).find("model.layers.2.embed_tokens.weight: differs"), std::string::npos);
}

TEST(Checkpoint, SaysWhatAFolderLacks) {
  const TemporaryFolder folder;
  EXPECT_NE(loading(folder.path()).find("has no config.json"), std::string::npos);
  EXPECT_NE(loading(folder / "absent").find("absent: has no config.json"), std::string::npos);
  write_file_atomic(folder / "config.json", model_config_json(tiny_config()).dump());
  EXPECT_NE(loading(folder.path()).find("has no weights; model.safetensors"), std::string::npos);
  EXPECT_THROW(load(folder.path(), {.dtype = "float8"}), ConfigError);
  EXPECT_THROW(load(folder.path(), {.device = "tpu"}), ConfigError);
}

TEST(Checkpoint, BelievesNoConfigBeforeItsWeights) {
  const TemporaryFolder folder;
  random_model(plain_config()).save(folder.path());
  auto json = nlohmann::json::parse(read_file(folder / "config.json"));
  json["hidden_size"] = 1 << 20;
  json["vocab_size"] = 1 << 20;  // 4 TB of embedding
  write_file_atomic(folder / "config.json", json.dump());
  EXPECT_NE(loading(folder.path()).find("mis-shaped"), std::string::npos);
}

class ShardedCheckpoint : public testing::Test {
 protected:
  ShardedCheckpoint() {
    model_.save(folder_.path());
    const SafetensorsFile file(folder_ / "model.safetensors");
    std::vector<NamedTensor> shards[2];
    for (size_t i = 0; i < file.entries().size(); ++i) {
      const SafetensorsEntry& entry = file.entries()[i];
      shards[i % 2].push_back({entry.name, file.read(entry, at::kFloat)});
      index_["weight_map"][entry.name] = i % 2 ? "b.safetensors" : "a.safetensors";
    }
    write_safetensors(folder_ / "a.safetensors", shards[0]);
    write_safetensors(folder_ / "b.safetensors", shards[1]);
    std::filesystem::remove(folder_ / "model.safetensors");
  }
  void write_index() { write_file_atomic(folder_ / "model.safetensors.index.json", index_.dump()); }
  std::string load_sentence() {
    write_index();
    return loading(folder_.path());
  }

  const Model model_ = random_model(tiny_config());
  const TemporaryFolder folder_;
  nlohmann::json index_;
};

TEST_F(ShardedCheckpoint, Loads) {
  write_index();
  expect_equal(model_, load(folder_.path()));
}

TEST_F(ShardedCheckpoint, RefusesAnIndexThatLies) {
  const std::string tensor = "model.norm.weight", shard = index_["weight_map"][tensor];
  for (const char* name : {"../a.safetensors", "/etc/passwd", "..", ""}) {
    index_["weight_map"][tensor] = name;
    EXPECT_NE(load_sentence().find("no plain file name"), std::string::npos) << name;
  }
  index_["weight_map"][tensor] = shard == "a.safetensors" ? "b.safetensors" : "a.safetensors";
  EXPECT_NE(load_sentence().find("\"model.norm.weight\" is not in the shard"), std::string::npos);
  index_["weight_map"].erase(tensor);
  EXPECT_NE(load_sentence().find("holds \"model.norm.weight\", which the index lacks"), std::string::npos);
  index_["weight_map"][tensor] = "c.safetensors";
  EXPECT_NE(load_sentence().find("c.safetensors: cannot be read"), std::string::npos);
  index_["weight_map"][tensor] = 3;
  EXPECT_NE(load_sentence().find("is no file name"), std::string::npos);
  index_ = {{"metadata", 1}};
  EXPECT_NE(load_sentence().find("holds no weight_map"), std::string::npos);
}

}  // namespace
}  // namespace aha::model::checkpoint_test
