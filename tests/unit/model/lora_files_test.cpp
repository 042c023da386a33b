// Folders of adapters: PEFT's names and fields, the same bytes again, and refusals of what would be something else.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/model/model.h"
#include "aha/model/safetensors.h"
#include "unit/core/temporary_folder.h"
#include "unit/model/tiny_models.h"

namespace aha::model::lora_files_test {
namespace {

using at::Tensor;
using nlohmann::ordered_json;
using test::sentence_of;
using test::TemporaryFolder;

Model adapted_model(const ModelConfig& config, const LoraConfig& lora = {.r = 2, .alpha = 3.5}) {
  Model model = Model::make(config, 3);
  model.add_lora(lora, 1);
  const at::NoGradGuard no_grad;
  for (const NamedTensor& item : model.parameters()) {
    if (item.name.ends_with(".lora_B")) Tensor(item.tensor).uniform_(-0.1, 0.1);
  }
  return model;
}

void edit_config(const std::filesystem::path& folder, const char* field, const ordered_json& value) {
  ordered_json config = ordered_json::parse(read_file(folder / "adapter_config.json"));
  config[field] = value;
  write_file_atomic(folder / "adapter_config.json", config.dump());
}

std::map<std::string, Tensor> tensors_in(const std::filesystem::path& folder) {
  std::map<std::string, Tensor> tensors;
  const SafetensorsFile file(folder / "adapter_model.safetensors");
  for (const SafetensorsEntry& entry : file.entries()) tensors[entry.name] = file.read(entry, at::kFloat);
  return tensors;
}

void write_tensors(const std::filesystem::path& folder, const std::map<std::string, Tensor>& tensors) {
  std::vector<NamedTensor> list;
  for (const auto& [name, tensor] : tensors) list.push_back({name, tensor});
  write_safetensors(folder / "adapter_model.safetensors", list);
}

std::string loading(const std::filesystem::path& folder, const ModelConfig& config = tiny_qwen2()) {
  return sentence_of<InputError>([&] { Model::make(config, 3).load_lora(folder); });
}

TEST(LoraFiles, LoadWhatWasSavedAndSaveTheSameBytes) {
  for (const ModelConfig& config : {tiny_qwen2(), tiny_qwen3_moe(), tiny_config()}) {
    SCOPED_TRACE(config.model_type);
    const TemporaryFolder first, second;
    const Model model = adapted_model(config);
    model.save_lora(first.path(), "some/base");
    Model loaded = Model::make(config, 3);
    loaded.load_lora(first.path());
    loaded.save_lora(second.path(), "some/base");
    for (const char* name : {"adapter_config.json", "adapter_model.safetensors"}) {
      EXPECT_EQ(read_file(first / name), read_file(second / name)) << name;
    }
    ASSERT_EQ(loaded.parameters().size(), model.parameters().size());
    for (const NamedTensor& item : model.parameters()) {
      EXPECT_TRUE(at::equal(item.tensor, loaded.parameter(item.name))) << item.name;
      EXPECT_TRUE(loaded.parameter(item.name).requires_grad());
    }
    EXPECT_EQ(loaded.lora()->alpha, 3.5);
    const PackedTokens tokens = packed_rows({9}, config.vocab_size);
    EXPECT_TRUE(at::equal(model.logits(tokens), loaded.logits(tokens)));
  }
}

TEST(LoraFiles, BearPeftsNamesAndFields) {
  const TemporaryFolder folder;
  const Model model = adapted_model(tiny_qwen2(), {.r = 2, .alpha = 32, .target_modules = {"q_proj", "up_proj"}});
  model.save_lora(folder.path(), "some/base");
  std::map<std::string, Tensor> tensors = tensors_in(folder.path());
  EXPECT_EQ(tensors.size(), 2 * 2 * 2);
  EXPECT_TRUE(at::equal(tensors["base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight"],
                        model.parameter("layers.1.attention.q_proj.lora_A")));
  EXPECT_TRUE(at::equal(tensors["base_model.model.model.layers.0.mlp.up_proj.lora_B.weight"],
                        model.parameter("layers.0.mlp.gate_up.up.lora_B")));
  const ordered_json config = ordered_json::parse(read_file(folder / "adapter_config.json"));
  EXPECT_EQ(config["peft_type"], "LORA");
  EXPECT_EQ(config["task_type"], "CAUSAL_LM");
  EXPECT_EQ(config["r"], 2);
  EXPECT_EQ(config["lora_alpha"].dump(), "32");
  EXPECT_EQ(config["lora_dropout"], 0.0);
  EXPECT_EQ(config["bias"], "none");
  EXPECT_EQ(config["base_model_name_or_path"], "some/base");
  EXPECT_EQ(config["target_modules"], (ordered_json{"q_proj", "up_proj"}));
}

TEST(LoraFiles, NameEveryProjectionWhereAllAreMeant) {
  const TemporaryFolder folder;
  adapted_model(tiny_llama()).save_lora(folder.path(), "");
  const ordered_json config = ordered_json::parse(read_file(folder / "adapter_config.json"));
  EXPECT_EQ(config["target_modules"],
            (ordered_json{"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}));
  EXPECT_TRUE(config["base_model_name_or_path"].is_null());
  EXPECT_EQ(config["lora_alpha"].dump(), "3.5");
}

TEST(LoraFiles, AreReadWithWholeNamesOfModulesAndWithOtherFieldsAtRest) {
  const TemporaryFolder folder;
  const Model model = adapted_model(tiny_qwen2(), {.r = 2, .target_modules = {"layers.1.self_attn.q_proj"}});
  model.save_lora(folder.path(), "");
  edit_config(folder.path(), "target_modules", {"model.layers.1.self_attn.q_proj"});
  edit_config(folder.path(), "megatron_core", "megatron.core");
  edit_config(folder.path(), "lora_dropout", 0.05);
  edit_config(folder.path(), "eva_config", nullptr);
  edit_config(folder.path(), "use_qalora", false);
  edit_config(folder.path(), "qalora_group_size", 16);
  Model loaded = Model::make(tiny_qwen2(), 3);
  loaded.load_lora(folder.path());
  EXPECT_EQ(loaded.parameters().size(), 2);
}

TEST(LoraFiles, OfFloat32ServeABfloat16Model) {
  const TemporaryFolder folder;
  const Model model = adapted_model(tiny_qwen2());
  model.save_lora(folder.path(), "");
  Model narrow = Model::make(tiny_qwen2(), 3, at::kBFloat16);
  narrow.load_lora(folder.path());
  const char* name = "layers.0.attention.q_proj.lora_B";
  EXPECT_TRUE(at::equal(narrow.parameter(name), model.parameter(name).detach().to(at::kBFloat16)));
  EXPECT_TRUE(narrow.parameters().empty());
  Model wide = Model::make(tiny_qwen2(), 3);
  wide.load_lora(folder.path());
  wide.copy_from(narrow);
  const PackedTokens tokens = packed_rows({9}, 23);
  EXPECT_TRUE(at::equal(narrow.logits(tokens), wide.logits(tokens)));

  narrow.merge_lora();
  wide.merge_lora();
  const Tensor expected = wide.parameter("layers.1.mlp.down").detach().to(at::kBFloat16);
  EXPECT_TRUE(at::equal(narrow.parameter("layers.1.mlp.down"), expected)) << "summed in float32, rounded once";
}

TEST(LoraFiles, WarnWhereOtherProgramsWouldMistakeThem) {
  const auto warning = [](const ModelConfig& config, std::vector<std::string> targets) {
    const TemporaryFolder folder;
    const Model model = adapted_model(config, {.r = 2, .target_modules = std::move(targets)});
    testing::internal::CaptureStderr();
    model.save_lora(folder.path(), "");
    return testing::internal::GetCapturedStderr();
  };
  EXPECT_NE(warning(tiny_config(), {"all-linear"}).find("takes them for the routed experts'"), std::string::npos);
  EXPECT_EQ(warning(tiny_config(), {"kv_b_proj", "o_proj"}), "");
  EXPECT_EQ(warning(tiny_llama(), {"all-linear"}), "");
}

TEST(LoraFiles, RefuseWhatWouldSilentlyBeOtherAdapters) {
  const TemporaryFolder folder;
  adapted_model(tiny_qwen2()).save_lora(folder.path(), "");
  const std::string good = read_file(folder / "adapter_config.json"), place = (folder / "adapter_config.json").string();
  const std::pair<const char*, ordered_json> fields[] = {{"use_dora", true},
                                                         {"use_rslora", true},
                                                         {"modules_to_save", {"lm_head"}},
                                                         {"rank_pattern", {{"q", 3}}},
                                                         {"alpha_pattern", {{"q", 3}}},
                                                         {"fan_in_fan_out", true},
                                                         {"layers_to_transform", 0},
                                                         {"lora_bias", true},
                                                         {"target_parameters", {"experts.down_proj"}},
                                                         {"peft_type", "IA3"},
                                                         {"task_type", "SEQ_CLS"},
                                                         {"bias", "all"},
                                                         {"init_lora_weights", "pissa_niter_4"},
                                                         {"r", 0},
                                                         {"r", 1 << 20},
                                                         {"r", "2"},
                                                         {"lora_alpha", 0},
                                                         {"lora_alpha", nullptr},
                                                         {"target_modules", ".*q_proj"},
                                                         {"target_modules", {1}},
                                                         {"target_modules", ordered_json::array()},
                                                         {"next_years_field", 1.5}};
  for (const auto& [field, value] : fields) {
    edit_config(folder.path(), field, value);
    const std::string sentence = loading(folder.path());
    EXPECT_TRUE(sentence.starts_with(place + ": ")) << sentence;
    EXPECT_NE(sentence.find(field), std::string::npos) << sentence;
    write_file_atomic(folder / "adapter_config.json", good);
  }
  edit_config(folder.path(), "use_dora", true);
  EXPECT_EQ(loading(folder.path()), place + ": \"use_dora\": is true; only plain LoRA of projections is read");
  write_file_atomic(folder / "adapter_config.json", "[1]");
  EXPECT_EQ(loading(folder.path()), place + ": must be a JSON object with the fields of adapters");
}

TEST(LoraFiles, NameTensorsThatDoNotFit) {
  const TemporaryFolder folder;
  adapted_model(tiny_qwen2(), {.r = 2, .target_modules = {"o_proj"}}).save_lora(folder.path(), "");
  std::map<std::string, Tensor> tensors = tensors_in(folder.path());
  const std::string module = "base_model.model.model.layers.0.self_attn.o_proj.lora_";
  tensors.erase(module + "A.weight");
  tensors[module + "B.weight"] = at::zeros({24, 3});
  tensors["base_model.model.lm_head.weight"] = at::zeros({2});
  write_tensors(folder.path(), tensors);
  EXPECT_EQ(loading(folder.path()),
            (folder / "adapter_model.safetensors").string() +
                ": tensors do not fit adapter_config.json and the model; missing: " + module +
                "A.weight; unexpected: \"base_model.model.lm_head.weight\"; mis-shaped: " + module +
                "B.weight is [24, 3], not [24, 2]; use the model these adapters were trained on");
}

TEST(LoraFiles, AreMissedByName) {
  const TemporaryFolder folder;
  EXPECT_EQ(loading(folder.path()),
            folder.path().string() +
                ": has no adapter_config.json; a folder of adapters holds adapter_config.json and "
                "adapter_model.safetensors");
  EXPECT_THROW(Model::make(tiny_qwen2(), 3).save_lora(folder.path(), ""), ShapeError);
  Model model = adapted_model(tiny_qwen2());
  model.save_lora(folder.path(), "");
  EXPECT_THROW(model.load_lora(folder.path()), ShapeError);
}

}  // namespace
}  // namespace aha::model::lora_files_test
