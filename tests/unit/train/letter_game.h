// A game of one letter for the tests of GRPO: a tiny model, short prompts, a reward that reads the completion's text.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "aha/train/grpo_trainer.h"
#include "support/letter_tokenizer.h"
#include "support/tiny_model.h"

namespace aha::train::letter_game {

constexpr uint64_t kSeed = 11;

/// Worth what a function of the completion's text says.
class TextReward final : public reward::Reward {
 public:
  using Judge = std::function<std::optional<double>(const std::string&)>;
  explicit TextReward(Judge judge) : judge_(std::move(judge)) {}
  reward::Score score(const reward::Submission& submission) const override {
    return {.value = judge_(submission.completion)};
  }

 private:
  Judge judge_;
};

inline reward::Scorer scorer(TextReward::Judge judge) {
  return reward::Scorer({{.name = "letter", .verifier = "", .max_error_rate = 1}},
                        {std::make_shared<TextReward>(std::move(judge))});
}
inline std::optional<double> starts_with_k(const std::string& text) { return text.starts_with('k') ? 1.0 : 0.0; }
inline std::optional<double> share_of_low_letters(const std::string& text) {
  const auto low = std::count_if(text.begin(), text.end(), [](char letter) { return letter < 'm'; });
  return static_cast<double>(low) / static_cast<double>(text.size() + 1);
}

inline data::PromptBatch prompts(int64_t count) {
  data::PromptBatch batch;
  for (int64_t i = 0; i < count; ++i) {
    data::Prompt& prompt = batch.emplace_back();
    prompt.id = i;
    prompt.token_ids = {static_cast<int32_t>(5 + i), 6, static_cast<int32_t>(9 - i)};
  }
  return batch;
}

inline GrpoConfig small_config() {
  GrpoConfig config;
  config.sampling.num_generations = 8;
  config.sampling.max_completion_length = 6;
  config.schedule.learning_rate = 1e-2;
  return config;
}

inline GrpoTrainer make_trainer(model::Model& policy, const GrpoConfig& config,
                                TextReward::Judge judge = share_of_low_letters, int num_threads = 2,
                                const std::string& speculation = "none") {
  rollout::EngineOptions engine;
  engine.cache_bytes = int64_t{4} << 20;
  engine.num_threads = num_threads;
  engine.speculation = speculation;
  return GrpoTrainer(policy, std::make_shared<aha::test::LetterTokenizer>(24, 2), config, scorer(std::move(judge)),
                     kSeed, "test", engine);
}

}  // namespace aha::train::letter_game
