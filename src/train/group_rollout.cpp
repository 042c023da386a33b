#include "train/group_rollout.h"

#include <fmt/format.h>

#include <utility>

#include "aha/core/error.h"

namespace aha::train {

GroupRollout::GroupRollout(const GrpoConfig& config, const reward::Scorer& scorer, int num_threads,
                           const Groups& carried, const data::PromptBatch& prompts, int64_t step)
    : config_(config),
      step_(step),
      groups_(groups_of_step(carried, prompts, step, config.max_staleness, counts_.restarted_groups)) {
  const int64_t num_asked = std::ssize(groups_);
  if (num_asked < num_trained()) {
    throw ConfigError("enough_prompts",
                      fmt::format("{} groups cannot be complete where {} are asked for", num_trained(), num_asked));
  }
  counts_.dropped_tokens = num_tokens(carried) - num_tokens(groups_);
  pool_ = std::make_unique<reward::ScoringPool>(scorer, place(num_asked, 0), num_threads);
}

int64_t GroupRollout::num_trained() const {
  return config_.enough_prompts > 0 ? config_.enough_prompts : std::ssize(groups_);
}

void GroupRollout::ask(rollout::Engine& engine, rollout::SampleKey key, std::stop_token stop) {
  engine.clear();  // what an earlier step asked for before one of its prompts was refused
  for (int64_t i = 0; i < std::ssize(groups_); ++i) {
    const Group& group = groups_[static_cast<size_t>(i)];
    key.step = static_cast<uint64_t>(group.step);
    const int64_t number =
        engine.submit({.prompt = group.prompt, .params = config_.sampling, .key = key, .begun = group.completions});
    AHA_CHECK(number == i, "the engine has requests of another caller");
    for (const data::Completion& completion : group.completions) {
      if (completion.finish_reason == data::FinishReason::kUnfinished) continue;
      pool_->submit(place(i, completion.sample_index), completion, group.prompt);
    }
  }
  rollout::GenerateOptions options;
  options.stop = std::move(stop);
  options.on_completion = [this](int64_t number, const data::Completion& completion) {
    pool_->submit(place(number, completion.sample_index), completion, groups_[static_cast<size_t>(number)].prompt);
  };
  options.policy_version = static_cast<int32_t>(step_);
  options.enough_requests = config_.enough_prompts;
  options.record_routing = config_.router_replay == "R3";
  std::vector<rollout::Answer> answers = engine.run(options);
  counts_.drawn_tokens = -num_tokens(groups_);
  for (size_t i = 0; i < groups_.size(); ++i) groups_[i].take(std::move(answers.at(i)));
  counts_.drawn_tokens += num_tokens(groups_);
  trained_ = first_complete(groups_, num_trained());
}

reward::BatchScores GroupRollout::scores(std::stop_token stop) {
  std::vector<int64_t> places;
  for (const int64_t number : trained_) {
    for (int64_t sample = 0; sample < config_.sampling.num_generations; ++sample) {
      places.push_back(place(number, sample));
    }
  }
  return pool_->wait(places, std::move(stop));
}

JudgedGroups GroupRollout::judge(Metrics& metrics, std::stop_token stop) {
  JudgedGroups judged{.completions = {}, .scores = scores(std::move(stop))};
  pool_.reset();
  judged.completions = take_groups(groups_, trained_, config_.sampling.num_generations);
  if (!config_.partial_rollouts) {
    counts_.dropped_tokens += num_tokens(groups_);
    groups_.clear();
  }
  counts_.carried_groups = std::ssize(groups_);
  if (config_.enough_prompts > 0) add_rollout_metrics(judged.completions, step_, counts_, metrics);
  return judged;
}

}  // namespace aha::train
