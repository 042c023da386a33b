// A stage of a recipe: its settings, what it needs from others, and how it runs.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/core/file.h"
#include "aha/data/tokenizer.h"
#include "aha/model/lora.h"
#include "aha/reward/reward.h"
#include "pipeline/task_set.h"

namespace aha::pipeline {

struct Recipe;

/// What a stage leaves for those after it.
enum class Artifact { kNone, kModel, kRewardModel, kDataset };

/// What a stage reads, each with the key path that named it: checked, hashed and drawn as lineage.
struct StageReference {
  std::string path;   // "stages.2.init_from"
  std::string stage;  // the name it gives
  Artifact artifact;  // what is read of it
  std::string role;   // "init_from", "model", "data", "reward"
};
struct TaskReference {
  std::string path, task;
  data::Split split;
};
struct FileReference {
  std::string path;
  std::filesystem::path file;  // or a folder
};
struct ModelReference {
  std::string path;
  std::filesystem::path file;            // a Hugging Face folder
  Artifact artifact = Artifact::kModel;  // what it must hold: that or a reward model
  std::string role = "folder";           // "reward" where a reward asks it
};
struct StageInputs {
  std::vector<StageReference> stages;
  std::vector<TaskReference> tasks;
  std::vector<FileReference> files;
  std::vector<ModelReference> models;
};

/// Role of a model that a reward asks.
inline constexpr const char* kRewardRole = "reward";

/// What a stage holds in memory, for the plan.
struct MemoryNeeds {
  bool trains = false;  // gradients and the optimizer's state
  std::string optim = "adamw";
  bool has_reference = false;                  // a second copy of the weights
  bool has_average = false;                    // a copy of what is trained
  int64_t cache_bytes = 0;                     // of the rollout engine, 0 without one
  std::optional<model::LoraConfig> lora = {};  // adapters are trained, the weights are not
};

/// Everything a running stage is handed.
struct StageContext {
  const Recipe& recipe;
  TaskSet& tasks;
  std::filesystem::path folder;                                        // runs/<name>/NN-<stage>
  std::function<std::filesystem::path(const std::string&)> folder_of;  // of an earlier stage
  std::string hash;                                                    // of all that decides the result
  std::shared_ptr<const data::Tokenizer> tokenizer;
  int num_threads = 1;
  std::stop_token stop;
  reward::RewardServices services = {};  // models that rewards ask are loaded once a stage
};

/// Keys that every stage has.
struct StageHead {
  std::string name, kind;
  std::optional<int64_t> seed;

  template <class Fields>
  void visit(Fields& field) {
    field("name", name, "the stage's name: its folder, and how others refer to it", required());
    field("kind", kind, "what it does: pretrain, grpo, rejection_sampling, sft, reward_model, dpo, evaluate",
          required());
    field("seed", seed, "of this stage's random numbers; default: the recipe's", at_least(0));
  }
};

class Stage {
 public:
  virtual ~Stage() = default;
  virtual StageHead& head() = 0;
  const StageHead& head() const { return const_cast<Stage*>(this)->head(); }
  uint64_t seed() const { return static_cast<uint64_t>(head().seed.value_or(0)); }

  /// Reads the stage's own settings strictly. `path` is "stages.N".
  virtual void read(const ConfigTree& tree, const std::string& path, ConfigErrors& errors) = 0;
  /// Fills defaults that depend on the recipe and checks what one key alone cannot tell.
  virtual void complete(const Recipe& recipe, const std::string& path, ConfigErrors& errors) = 0;
  virtual ConfigTree resolved() const = 0;
  virtual StageInputs inputs(const std::string& path) const = 0;
  virtual Artifact artifact() const = 0;
  /// Batch arithmetic in words, for --dry-run.
  virtual std::vector<std::string> plan() const = 0;
  virtual MemoryNeeds memory() const = 0;
  /// The config.json of the model this stage makes or reads; empty where the model comes from another stage.
  virtual std::string model_config() const { return {}; }
  /// @throws StoppedError with everything saved. Run again, it continues from its newest checkpoint.
  virtual void run(const StageContext& context) = 0;
};

/// The part that all stages share: one settings struct with `head` and `visit`.
template <class Config>
class ConfiguredStage : public Stage {
 public:
  StageHead& head() override { return config_.head; }
  void read(const ConfigTree& tree, const std::string& path, ConfigErrors& errors) override {
    read_config(tree, path, config_, errors);
  }
  ConfigTree resolved() const override { return config_to_tree(config_); }

 protected:
  Config config_;
};

/// @return null for a kind that does not exist
std::unique_ptr<Stage> make_stage(const std::string& kind);
std::vector<std::string> stage_kinds();

// One maker per file of src/pipeline/stages.
std::unique_ptr<Stage> make_pretrain_stage();
std::unique_ptr<Stage> make_grpo_stage();
std::unique_ptr<Stage> make_rejection_sampling_stage();
std::unique_ptr<Stage> make_sft_stage();
std::unique_ptr<Stage> make_reward_model_stage();
std::unique_ptr<Stage> make_dpo_stage();
std::unique_ptr<Stage> make_evaluate_stage();

}  // namespace aha::pipeline
