// The table of stage kinds.
#include "pipeline/stage.h"

namespace aha::pipeline {
namespace {

struct StageKind {
  const char* name;
  std::unique_ptr<Stage> (*make)();
};

constexpr StageKind kStageKinds[] = {
    {"pretrain", make_pretrain_stage},
    {"grpo", make_grpo_stage},
    {"sft", make_sft_stage},
    {"rejection_sampling", make_rejection_sampling_stage},
    {"reward_model", make_reward_model_stage},
    {"dpo", make_dpo_stage},
    {"evaluate", make_evaluate_stage},
};

}  // namespace

std::unique_ptr<Stage> make_stage(const std::string& kind) {
  for (const StageKind& entry : kStageKinds) {
    if (kind == entry.name) return entry.make();
  }
  return nullptr;
}

std::vector<std::string> stage_kinds() {
  std::vector<std::string> names;
  for (const StageKind& entry : kStageKinds) names.push_back(entry.name);
  return names;
}

}  // namespace aha::pipeline
