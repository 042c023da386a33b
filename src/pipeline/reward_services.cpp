// One cache of models a stage, shared by its rewards.
#include "pipeline/reward_services.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "pipeline/model_source.h"

namespace aha::pipeline {
namespace {

ModelSource source_of(const std::string& name) {
  const bool is_folder = name.find('/') != std::string::npos;
  return {.stage = is_folder ? "" : name, .path = is_folder ? name : "", .name = name};
}

class AskedModels {
 public:
  explicit AskedModels(const StageContext& context) : context_(context) {}

  std::shared_ptr<model::Model> model(const std::string& name) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<model::Model>& model = models_[name];
    if (!model) model = std::make_shared<model::Model>(load_model(source_of(name), context_));
    return model;
  }

  std::shared_ptr<const data::Tokenizer> tokenizer(const std::string& name) const {
    const ModelSource source = source_of(name);
    const bool is_own = !source.path.empty() && data::has_tokenizer(source.path);
    return is_own ? data::load_tokenizer(source.path) : context_.tokenizer;
  }

 private:
  StageContext context_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<model::Model>> models_;
};

template <class Reference>
bool has_reward(const std::vector<Reference>& references, auto is_same) {
  return std::any_of(references.begin(), references.end(),
                     [&](const Reference& reference) { return reference.role == kRewardRole && is_same(reference); });
}

}  // namespace

void add_reward_inputs(const std::vector<reward::RewardConfig>& rewards, const std::string& path, StageInputs& inputs) {
  for (size_t i = 0; i < rewards.size(); ++i) {
    const std::string verifier = reward::verifier_of(rewards[i]), key = path + "." + std::to_string(i) + ".model";
    const bool is_reward_model = verifier == "reward_model";
    if ((!is_reward_model && verifier != "judge") || rewards[i].judge.model.empty()) continue;
    const Artifact artifact = is_reward_model ? Artifact::kRewardModel : Artifact::kModel;
    const ModelSource source = source_of(rewards[i].judge.model);
    const auto is_same_stage = [&](const StageReference& other) {
      return other.stage == source.stage && other.artifact == artifact;
    };
    const auto is_same_folder = [&](const ModelReference& other) {
      return other.file == source.path && other.artifact == artifact;
    };
    if (source.path.empty() && !has_reward(inputs.stages, is_same_stage)) {
      inputs.stages.push_back({key, source.stage, artifact, kRewardRole});
    } else if (!source.path.empty() && !has_reward(inputs.models, is_same_folder)) {
      inputs.models.push_back({key, source.path, artifact, kRewardRole});
    }
  }
}

reward::RewardServices make_reward_services(const StageContext& context, bool allow_commands) {
  const auto models = std::make_shared<AskedModels>(context);
  return {.load_model = [models](const std::string& name) { return models->model(name); },
          .load_tokenizer = [models](const std::string& name) { return models->tokenizer(name); },
          .allow_commands = allow_commands,
          .num_threads = context.num_threads};
}

}  // namespace aha::pipeline
