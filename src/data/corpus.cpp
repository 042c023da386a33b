// Documents of the pre-training corpus: a problem, a style, noise, tags or none.
#include "aha/data/corpus.h"

#include "aha/core/error.h"
#include "aha/data/template.h"

namespace aha::data {
namespace {

constexpr int kMaxDraws = 10'000;

bool may_show(const Example& example) { return example.columns.contains("drill") || !is_held_out(example.prompt); }

Example draw_problem(const Task& task, bool is_drill, Random& random) {
  for (int draw = 0; draw < kMaxDraws; ++draw) {
    Example example = is_drill ? task.make_drill(random) : task.make(random, /*out_of_distribution=*/false);
    if (may_show(example)) return example;
  }
  throw ConfigError(task.name(), "all its problems at these sizes are held out; widen the sizes");
}

// Untagged reasoning already ends with its answer.
std::string untagged_completion(const Solution& solution) {
  return solution.reasoning.empty() ? solution.answer : solution.reasoning;
}

}  // namespace

Corpus::Corpus(CorpusConfig config, uint64_t seed) : config_(std::move(config)), seed_(seed) {
  if (config_.tasks.empty()) throw ConfigError("corpus.tasks", "is empty; name at least one generator");
  if (!(config_.direct + config_.worked + config_.checked > 0)) {
    throw ConfigError("corpus", "direct, worked and checked are all 0; give one of them a weight");
  }
  for (const std::string& name : config_.tasks) tasks_.push_back(make_task(name, config_.options));
}

Document Corpus::document(uint64_t index) const {
  Random random(seed_, "corpus", {index});
  const Task& task = *tasks_[random.below(tasks_.size())];
  const bool is_drill = random.chance(config_.drill);
  const bool is_untagged = random.chance(config_.untagged);
  const bool is_mixed = config_.options.languages.size() > 1 && random.chance(config_.mixed_language);
  const auto style = static_cast<Style>(random.choose({config_.direct, config_.worked, config_.checked}));

  const Example example = draw_problem(task, is_drill, random);
  static constexpr Noise kNoNoise{.direct = 0, .worked = 0, .checked = 0, .recheck = 0};
  const Solution solution = is_drill ? task.solve(example, Style::kDirect, kNoNoise, "", random)
                                     : task.solve(example, style, config_.noise, is_mixed ? "mixed" : "", random);
  return {plain_prompt(example.prompt),
          is_untagged ? untagged_completion(solution) : tagged_completion(solution.reasoning, solution.answer)};
}

}  // namespace aha::data
