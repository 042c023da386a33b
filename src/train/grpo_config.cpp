// Which settings of GRPO cannot teach, or cannot stand beside each other.
#include <fmt/format.h>

#include "aha/train/grpo_trainer.h"
#include "train/grpo_samples.h"

namespace aha::train {

std::vector<ConfigFinding> contradictions(const GrpoConfig& config) {
  const rollout::SamplingParams& sampling = config.sampling;
  std::vector<ConfigFinding> found;
  const auto check = [&](bool holds, const char* key, std::string sentence) {
    if (!holds) found.push_back({key, std::move(sentence)});
  };
  check(sampling.num_generations >= 2, "num_generations",
        "must be at least 2: a completion is compared with its own group");
  check(sampling.temperature > 0, "temperature", "must be above 0: greedy completions of a group are all the same");
  check(sampling.guided_choice.empty() || !sampling.guided_json, "guided_json",
        "stands beside guided_choice; a completion can follow only one of them");
  check(config.enough_prompts >= 0, "enough_prompts", "must be 0 or more");
  check(config.max_staleness >= 1, "max_staleness", "must be at least 1: what is carried is a step old");
  if (!config.partial_rollouts) return found;
  check(config.enough_prompts > 0, "partial_rollouts", "needs oversampling above 1: without it no group is cut off");
  check(!needs_rescoring(sampling), "partial_rollouts",
        fmt::format("cannot stand beside temperature = {} together with filters, penalties or constraints: what older "
                    "policies gave their tokens is not known then; set temperature to 1, or leave the others out",
                    sampling.temperature));
  return found;
}

}  // namespace aha::train
