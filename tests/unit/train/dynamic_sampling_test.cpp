// Which groups are dropped, how many others are asked, and where it ends: worked by hand.
#include "train/dynamic_sampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <mutex>
#include <set>

#include "aha/core/error.h"
#include "unit/train/letter_game.h"

namespace aha::train::dynamic_sampling_test {
namespace {

using Values = std::vector<std::optional<double>>;

data::Prompt prompt(int64_t id) {
  data::Prompt prompt;
  prompt.id = id;
  prompt.token_ids = {static_cast<int32_t>(3 + id % 20), 6, static_cast<int32_t>(3 + id / 20 % 20)};
  return prompt;
}

/// Groups of two under one reward; the prompts' ids count from `first`.
JudgedGroups groups(int64_t first, const Values& rewards) {
  JudgedGroups groups;
  groups.completions.num_generations = 2;
  for (size_t i = 0; i < rewards.size(); ++i) {
    data::Completion& completion = groups.completions.completions.emplace_back();
    completion.prompt_index = static_cast<int64_t>(i / 2);
    completion.sample_index = static_cast<int64_t>(i % 2);
    completion.token_ids = {static_cast<int32_t>(10 * first + static_cast<int64_t>(i))};
    if (i % 2 == 0) {
      groups.completions.prompts.push_back(prompt(first + static_cast<int64_t>(i / 2)));
      groups.completions.prompt_routing.push_back({static_cast<uint8_t>(first + static_cast<int64_t>(i / 2))});
    }
  }
  groups.scores = {.names = {"letter"},
                   .weights = {1.0},
                   .values = {rewards},
                   .total = rewards,
                   .num_failed = {1},
                   .num_timed_out = {1},
                   .num_undecided = {2}};
  return groups;
}

std::vector<int64_t> ids(const JudgedGroups& groups) {
  std::vector<int64_t> ids;
  for (const data::Prompt& prompt : groups.completions.prompts) ids.push_back(prompt.id);
  return ids;
}

TEST(DynamicSampling, GroupsOfEqualRewardsGo) {
  // Equal · unequal · one judged · equal · none judged · unequal.
  JudgedGroups all = groups(3, {1.0, 1.0, 0.0, 1.0, 1.0, std::nullopt, 0.0, 0.0, std::nullopt, std::nullopt, 0.5, 0.0});
  EXPECT_EQ(drop_equal_groups(all), 4);
  EXPECT_EQ(ids(all), (std::vector<int64_t>{4, 8}));
  EXPECT_EQ(all.scores.total, (Values{0.0, 1.0, 0.5, 0.0}));
  EXPECT_EQ(all.scores.values, (std::vector<Values>{{0.0, 1.0, 0.5, 0.0}}));
  EXPECT_EQ(all.scores.num_failed, std::vector<int64_t>{1});  // what was counted stays counted
  EXPECT_EQ(all.completions.prompt_routing, (std::vector<std::vector<uint8_t>>{{4}, {8}}));
  ASSERT_EQ(all.completions.completions.size(), 4u);
  EXPECT_EQ(all.completions.completions[1].token_ids, std::vector<int32_t>{33});
  EXPECT_EQ(all.completions.completions[2].token_ids, std::vector<int32_t>{40});
  EXPECT_EQ(all.completions.completions[3].prompt_index, 1);
  EXPECT_EQ(all.completions.completions[3].sample_index, 1);
  EXPECT_EQ(drop_equal_groups(all), 0);
}

TEST(DynamicSampling, MoreGroupsComeBehind) {
  JudgedGroups all = groups(0, {0.0, 1.0});
  append(all, groups(5, {1.0, 0.0, 0.25, 0.5}));
  EXPECT_EQ(ids(all), (std::vector<int64_t>{0, 5, 6}));
  EXPECT_EQ(all.scores.total, (Values{0.0, 1.0, 1.0, 0.0, 0.25, 0.5}));
  EXPECT_EQ(all.scores.num_failed, std::vector<int64_t>{2});
  EXPECT_EQ(all.scores.num_timed_out, std::vector<int64_t>{2});
  EXPECT_EQ(all.scores.num_undecided, std::vector<int64_t>{4});
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(all.completions.completions[i].prompt_index, static_cast<int64_t>(i / 2));
}

/// A world where the prompts of these ids have unequal rewards, 0 and 1, and all others 1 and 1.
class World {
 public:
  World(std::vector<int64_t> teaching, int64_t num_prompts) : teaching_(std::move(teaching)), left_(num_prompts) {}

  JudgedGroups sample(const GrpoConfig& config, int64_t count) {
    const PromptSource source = [this](int64_t wanted) { return take(wanted); };
    const AskAndJudge ask = [this](const data::PromptBatch& prompts, int64_t round) { return judge(prompts, round); };
    return sample_dynamically(config, take(count), source, ask, metrics);
  }

  std::vector<int64_t> asked;  // prompts of each round
  Metrics metrics;

 private:
  data::PromptBatch take(int64_t count) {
    data::PromptBatch prompts;
    for (; count > 0 && left_ > 0; --count, --left_) prompts.push_back(prompt(next_++));
    return prompts;
  }
  JudgedGroups judge(const data::PromptBatch& prompts, int64_t round) {
    EXPECT_EQ(round, std::ssize(asked));
    asked.push_back(std::ssize(prompts));
    Values rewards;
    for (const data::Prompt& prompt : prompts) {
      const bool teaches = std::find(teaching_.begin(), teaching_.end(), prompt.id) != teaching_.end();
      rewards.insert(rewards.end(), {teaches ? 0.0 : 1.0, 1.0});
    }
    return groups(prompts.front().id, rewards);
  }

  std::vector<int64_t> teaching_;
  int64_t next_ = 0, left_;
};

GrpoConfig config_of(int64_t max_resample_times) {
  GrpoConfig config;
  config.dynamic_sample = true;
  config.max_resample_times = max_resample_times;
  return config;
}

TEST(DynamicSampling, AsksAsManyAsWillFillTheStep) {
  World world({1, 4, 5, 6}, 100);
  EXPECT_EQ(ids(world.sample(config_of(3), 4)), (std::vector<int64_t>{1, 4, 5, 6}));
  EXPECT_EQ(world.asked, (std::vector<int64_t>{4, 4}));  // one in four teaches: 12 would, but 4 at a time
  EXPECT_EQ(world.metrics.at("dynamic_sampling/rounds"), 1);
  EXPECT_EQ(world.metrics.at("dynamic_sampling/dropped_groups"), 4);
  EXPECT_EQ(world.metrics.at("dynamic_sampling/surplus_groups"), 0);
  EXPECT_EQ(world.metrics.at("dynamic_sampling/missing_groups"), 0);
  EXPECT_DOUBLE_EQ(world.metrics.at("dynamic_sampling/reward"), 12.0 / 16);  // of all that were asked

  // Six of eight teach: two are missing, of three two will teach; all three do.
  World able({0, 1, 2, 3, 4, 5, 8, 9, 10}, 100);
  EXPECT_EQ(ids(able.sample(config_of(3), 8)), (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 8, 9}));
  EXPECT_EQ(able.asked, (std::vector<int64_t>{8, 3}));
  EXPECT_EQ(able.metrics.at("dynamic_sampling/dropped_groups"), 2);
  EXPECT_EQ(able.metrics.at("dynamic_sampling/surplus_groups"), 1);
}

TEST(DynamicSampling, AsksNothingWhereAllTeach) {
  World world({0, 1}, 100);
  EXPECT_EQ(ids(world.sample(config_of(3), 2)), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(world.asked, std::vector<int64_t>{2});
  EXPECT_EQ(world.metrics.at("dynamic_sampling/rounds"), 0);
}

TEST(DynamicSampling, EndsAtItsBoundWithWhatThereIs) {
  World world({2, 9}, 100);
  EXPECT_EQ(ids(world.sample(config_of(2), 4)), (std::vector<int64_t>{2, 9}));
  EXPECT_EQ(world.asked, (std::vector<int64_t>{4, 4, 4}));
  EXPECT_EQ(world.metrics.at("dynamic_sampling/rounds"), 2);
  EXPECT_EQ(world.metrics.at("dynamic_sampling/dropped_groups"), 10);
  EXPECT_EQ(world.metrics.at("dynamic_sampling/missing_groups"), 2);

  World nothing({}, 100);
  EXPECT_TRUE(nothing.sample(config_of(1), 2).completions.completions.empty());
  EXPECT_EQ(nothing.metrics.at("dynamic_sampling/missing_groups"), 2);
}

TEST(DynamicSampling, EndsWhereTheSourceDoes) {
  World world({1, 4}, 6);
  EXPECT_EQ(ids(world.sample(config_of(9), 4)), (std::vector<int64_t>{1, 4}));
  EXPECT_EQ(world.asked, (std::vector<int64_t>{4, 2}));
}

// Among the low letters alone a group is seldom equal; judged by the first letter it often is.
GrpoConfig dynamic_game(int64_t max_resample_times) {
  GrpoConfig config = letter_game::small_config();
  config.sampling.num_generations = 4;
  config.dynamic_sample = true;
  config.max_resample_times = max_resample_times;
  return config;
}

struct Game {
  model::Model policy = test::tiny_model();
  std::vector<StepReport> reports;
  int64_t taken = 0;
};

Game play(const GrpoConfig& config, int num_threads, int64_t num_steps = 3) {
  Game game;
  GrpoTrainer trainer = letter_game::make_trainer(game.policy, config, letter_game::starts_with_k, num_threads);
  const PromptSource source = [&](int64_t count) {
    data::PromptBatch taken;
    for (; count > 0; --count) taken.push_back(prompt(game.taken++));
    return taken;
  };
  for (int64_t step = 0; step < num_steps; ++step) {
    game.reports.push_back(trainer.step(source(4), step, 10, {}, source));
  }
  return game;
}

TEST(DynamicSampling, AStepTrainsOnGroupsThatTeachAlone) {
  const Game game = play(dynamic_game(50), 2);
  int64_t replaced = 0;
  for (const StepReport& report : game.reports) {
    EXPECT_EQ(report.metrics.at("dynamic_sampling/missing_groups"), 0);
    EXPECT_EQ(report.completions.prompts.size(), 4u);
    EXPECT_EQ(report.metrics.at("frac_reward_zero_std"), 0);
    EXPECT_LT(report.metrics.at("dynamic_sampling/reward"), report.metrics.at("reward"));
    for (const double advantage : report.advantages) EXPECT_NE(advantage, 0);
    for (const char* name : {"dynamic_sampling/dropped_groups", "dynamic_sampling/surplus_groups"}) {
      replaced += static_cast<int64_t>(report.metrics.at(name));
    }
  }
  EXPECT_GT(replaced, 0);
  EXPECT_EQ(game.taken, 3 * 4 + replaced);
}

TEST(DynamicSampling, ThreadsDoNotChangeWhatIsAsked) {
  const Game one = play(dynamic_game(5), 1);
  for (const int threads : {2, 3}) {
    const Game other = play(dynamic_game(5), threads);
    EXPECT_EQ(other.taken, one.taken);
    EXPECT_TRUE(test::equal_parameters(test::copy_of_parameters(one.policy), test::copy_of_parameters(other.policy)));
  }
}

TEST(DynamicSampling, AStepInWhichNothingTeachesChangesNothing) {
  model::Model policy = test::tiny_model();
  const auto before = test::copy_of_parameters(policy);
  std::mutex mutex;
  std::set<std::string> texts;
  const auto judge = [&](const std::string& text) -> std::optional<double> {
    const std::lock_guard lock(mutex);
    texts.insert(text);
    return 1.0;
  };
  GrpoTrainer trainer = letter_game::make_trainer(policy, dynamic_game(2), judge);
  const StepReport report = trainer.step(letter_game::prompts(2), 0, 10, {}, letter_game::prompts);
  EXPECT_EQ(report.metrics.at("dynamic_sampling/dropped_groups"), 6);
  EXPECT_EQ(report.metrics.at("dynamic_sampling/reward"), 1);
  EXPECT_EQ(report.metrics.at("steps_without_signal"), 1);
  EXPECT_TRUE(report.completions.completions.empty());
  for (const auto& [name, value] : report.metrics) EXPECT_TRUE(std::isfinite(value)) << name;
  EXPECT_TRUE(test::equal_parameters(before, test::copy_of_parameters(policy)));
  // The same two prompts came in every round: each time they were answered anew.
  EXPECT_GT(texts.size(), 8u);
}

TEST(DynamicSampling, NeedsASource) {
  model::Model policy = test::tiny_model();
  GrpoTrainer trainer = letter_game::make_trainer(policy, dynamic_game(2));
  EXPECT_THROW(trainer.step(letter_game::prompts(2), 0, 10), ConfigError);
}

}  // namespace
}  // namespace aha::train::dynamic_sampling_test
