// A reward model as a reward: the tokens it reads, the same bits in any batch, what empty parts come to.
#include "reward/learned/reward_model_reward.h"

#include <gtest/gtest.h>

#include "aha/core/error.h"
#include "aha/data/tokenizer.h"
#include "aha/model/sequence_rewards.h"
#include "unit/core/temporary_folder.h"
#include "unit/model/tiny_models.h"

namespace aha::reward::reward_model_reward_test {
namespace {

constexpr int32_t kEnd = 258, kUser = 264, kAssistant = 265;  // of the byte tokenizer

model::ModelConfig byte_config() {
  model::ModelConfig config = model::tiny_config();
  config.vocab_size = 320;
  config.pad_token_id = 256;
  return config;
}

const model::Model& judge() {
  static const model::Model model = [] {
    const model::Model body = model::Model::make(byte_config(), 3);
    model::stir(body);
    return body.as_reward_model(4);
  }();
  return model;
}

RewardServices services(int num_threads = 1) {
  return {.load_model = [](const std::string&) { return std::make_shared<model::Model>(judge().clone()); },
          .load_tokenizer = [](const std::string&) { return data::make_byte_tokenizer(); },
          .num_threads = num_threads};
}

RewardConfig config_of(const std::string& part = "response", const std::string& template_name = "plain") {
  RewardConfig config;
  config.name = "helpful";
  config.verifier = "reward_model";
  config.judge.model = "helpful_rm";
  config.judge.part = part;
  config.judge.template_name = template_name;
  return config;
}

data::Example asking(const std::string& prompt) {
  data::Example example;
  example.prompt = prompt;
  return example;
}

double reward_of(const std::vector<int32_t>& tokens) { return model::sequence_rewards(judge(), {tokens}).front(); }

/// All completions answer one prompt.
std::vector<Score> scores_of(const Reward& reward, const std::vector<std::string>& completions,
                             const data::Example& example) {
  const std::string prompt = "as the policy read it";
  std::vector<Submission> submissions;
  for (const std::string& text : completions) {
    submissions.push_back({.completion = text, .example = example, .prompt = prompt});
  }
  return reward.score_batch(submissions, {});
}

TEST(RewardModelReward, ReadsTheTokensOfItsTraining) {
  const data::Example example = asking("2?");
  const std::string prompt = "policy";
  const std::string completion = "<think>n</think> 4";
  const auto value = [&](const RewardConfig& config, const data::Example& of) {
    return make_reward(config, services())->score({.completion = completion, .example = of, .prompt = prompt}).value;
  };
  EXPECT_EQ(value(config_of(), example), reward_of({'2', '?', '\n', 259, 'n', 260, ' ', '4', kEnd}));
  EXPECT_EQ(value(config_of("summary"), example), reward_of({'2', '?', '\n', '4', kEnd}));
  EXPECT_EQ(value(config_of("reasoning"), example), reward_of({'2', '?', '\n', 'n', kEnd}));
  EXPECT_EQ(value(config_of("summary", "chat"), example), reward_of({kUser, '2', '?', kAssistant, '4', kEnd}));
  // A row without a problem of its own: what the policy read.
  EXPECT_EQ(value(config_of("summary"), {}), reward_of({'p', 'o', 'l', 'i', 'c', 'y', '4', kEnd}));

  data::Example chat;
  chat.messages = {{.role = "user", .content = "2?"}, {.role = "assistant", .content = "the row's own"}};
  EXPECT_EQ(value(config_of("summary"), chat), reward_of({kUser, '2', '?', kAssistant, '4', kEnd}));
}

TEST(RewardModelReward, HasTheSameBitsInAnyBatch) {
  const data::Example one = asking("one"), two = asking("a longer question");
  std::vector<std::string> texts;
  for (int i = 0; i < 24; ++i) texts.push_back(std::string(static_cast<size_t>(i % 7 * 5), 'x') + std::to_string(i));
  const auto alone = make_reward(config_of(), services());
  for (const int num_threads : {1, 2, 3}) {
    const auto reward = make_reward(config_of(), services(num_threads));
    EXPECT_TRUE(reward->is_batched());
    for (const data::Example* example : {&one, &two}) {
      const std::vector<Score> together = scores_of(*reward, texts, *example);
      for (size_t i = 0; i < texts.size(); ++i) {
        ASSERT_TRUE(together[i].value);
        EXPECT_EQ(together[i].value, alone->score(texts[i], *example).value) << texts[i];
      }
    }
  }
}

TEST(RewardModelReward, SayingNothingEarnsTheLowestOfTheGroup) {
  const data::Example example = asking("q"), other = asking("other");
  const auto reward = make_reward(config_of("summary"), services());
  const std::vector<std::string> texts = {"<think>a</think>yes", "<think>never ends", "<think>a</think>no", ""};
  const std::vector<Score> scores = scores_of(*reward, texts, example);
  ASSERT_TRUE(scores[0].value && scores[2].value);
  EXPECT_NE(*scores[0].value, *scores[2].value);
  for (const size_t empty : {size_t{1}, size_t{3}}) {
    EXPECT_EQ(scores[empty].value, std::min(scores[0].value, scores[2].value));
    EXPECT_EQ(scores[empty].detail.at("is_empty"), true);
    EXPECT_TRUE(scores[empty].fault.empty());
  }
  // Another group's rewards are not its own.
  for (const Score& score : scores_of(*reward, {"<think>", ""}, other)) EXPECT_FALSE(score.value);
  const std::string nothing, said = "yes", prompt;
  const std::vector<Score> both = reward->score_batch({{.completion = said, .example = example, .prompt = prompt},
                                                       {.completion = nothing, .example = other, .prompt = prompt}},
                                                      {});
  EXPECT_TRUE(both[0].value);
  EXPECT_FALSE(both[1].value);
}

TEST(RewardModelReward, WhatIsTooLongIsAFault) {
  const data::Example example = asking("q");
  const auto reward = make_reward(config_of(), services());
  // Context 64: two tokens of the prompt, the end token, and 61 more.
  const std::vector<Score> scores = scores_of(*reward, {std::string(61, 'x'), std::string(62, 'x')}, example);
  EXPECT_TRUE(scores[0].value);
  EXPECT_FALSE(scores[1].value);
  EXPECT_EQ(scores[1].fault,
            "a completion with its prompt has 65 tokens, more than the 64 of the reward model's context");
  reward->check_example(asking(std::string(62, 'x')), "rows.jsonl:1");
  EXPECT_EQ(test::sentence_of<InputError>([&] { reward->check_example(asking(std::string(63, 'x')), "rows.jsonl:1"); }),
            "rows.jsonl:1: has 65 tokens, more than the 64 of the reward model's context even without a completion; "
            "leave it out");
}

TEST(RewardModelReward, WrongModelsAreRefused) {
  EXPECT_EQ(test::sentence_of<ConfigError>([] { make_reward(config_of()); }),
            "rewards.model: nothing can load `helpful_rm` here; judge in a stage of a recipe, or hand over "
            "RewardServices");
  RewardServices language = services();
  language.load_model = [](const std::string&) {
    return std::make_shared<model::Model>(model::Model::make(byte_config(), 1));
  };
  EXPECT_EQ(test::sentence_of<InputError>([&] { make_reward(config_of(), language); }),
            "helpful_rm: is a language model: it has no score head; name a reward model");
  RewardServices small = services();
  small.load_model = [](const std::string&) {
    return std::make_shared<model::Model>(model::Model::make(model::tiny_config(), 1).as_reward_model(2));
  };
  EXPECT_EQ(test::sentence_of<InputError>([&] { make_reward(config_of(), small); }),
            "helpful_rm: the model's vocab_size is 23, but the tokenizer has 320 ids; save its own tokenizer beside "
            "it");
  RewardConfig none = config_of();
  none.judge.model.clear();
  EXPECT_EQ(test::sentence_of<ConfigError>([&] { make_reward(none, services()); }),
            "rewards.model: is missing; the verifier reward_model needs it");
}

TEST(RewardModelReward, StopsWhenAsked) {
  std::stop_source source;
  source.request_stop();
  const data::Example example = asking("q");
  const std::string text = "yes", prompt;
  EXPECT_THROW(make_reward(config_of(), services())
                   ->score_batch({{.completion = text, .example = example, .prompt = prompt}}, source.get_token()),
               StoppedError);
}

}  // namespace
}  // namespace aha::reward::reward_model_reward_test
