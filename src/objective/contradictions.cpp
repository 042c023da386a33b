// Options of the loss that mean nothing together.
#include "aha/objective/grpo_loss.h"
#include "objective/policy_term.h"

namespace aha::objective {
namespace {

using Findings = std::vector<ConfigFinding>;

void check_bounds_of_ratio(const GrpoLossConfig& config, Findings& findings) {
  const std::string& type = config.loss_type;
  if (type == "sapo" && config.epsilon_high) {
    findings.push_back({"epsilon_high", "sapo has a gate in place of a clip range; leave it out"});
  }
  if (type == "cispo" && upper_bound(config) < 1) {
    findings.push_back({"epsilon_high",
                        "with cispo it is the largest weight itself, which must be at least 1 (5 is usual); add 1 to "
                        "a distance from 1"});
  }
  if (!config.delta) return;
  if (type == "cispo" || type == "sapo") {
    findings.push_back({"delta", type + " bounds ratios of either sign of the advantage already; leave it out"});
  } else if (*config.delta <= upper_bound(config)) {
    findings.push_back({"delta",
                        "must exceed 1 + epsilon_high, the upper end of the clip range, which would otherwise "
                        "never be reached"});
  }
}

void check_kl(const GrpoLossConfig& config, Findings& findings) {
  if (config.use_bias_correction_kl && config.beta == 0) {
    findings.push_back(
        {"use_bias_correction_kl", "corrects the KL term of the loss, but that has no weight; set beta"});
  }
  if (config.kl_estimator == "k1" && config.beta > 0 && !config.use_bias_correction_kl) {
    findings.push_back({"kl_estimator",
                        "the gradient of k1 in the loss is that of log-probs, whose mean is 0, so that "
                        "it holds nothing back; use k2, k3 or use_bias_correction_kl, or take it off "
                        "the reward"});
  }
}

void check_correction(const GrpoLossConfig& config, Findings& findings) {
  const std::optional<double>& low = config.importance_sampling_clip_min;
  const double high = config.importance_sampling_clip_max;
  if (config.importance_sampling_mode == "none") {
    if (low) findings.push_back({"importance_sampling_clip_min", "bounds nothing; set importance_sampling_mode"});
    return;
  }
  if (low && *low >= high) {
    findings.push_back({"importance_sampling_clip_min", "must be below importance_sampling_clip_max"});
  } else if (high < 1) {
    findings.push_back({"importance_sampling_clip_max",
                        "must be at least 1, the weight of a token on which sampler "
                        "and policy agree"});
  } else if (low && *low > 1) {
    findings.push_back({"importance_sampling_clip_min",
                        "must be at most 1, the weight of a token on which sampler and "
                        "policy agree"});
  }
}

}  // namespace

Findings contradictions(const GrpoLossConfig& config) {
  Findings findings;
  check_bounds_of_ratio(config, findings);
  check_kl(config, findings);
  check_correction(config, findings);
  return findings;
}

}  // namespace aha::objective
