// Rewards of many sequences: those of Model::rewards, the same bits in any company.
#include "aha/model/sequence_rewards.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aha/core/error.h"
#include "unit/model/tiny_models.h"

namespace aha::model::sequence_rewards_test {
namespace {

Model judge_of(ModelConfig config) {
  const Model model = Model::make(config, 3);
  stir(model);
  return model.as_reward_model(4);
}

std::vector<std::vector<int32_t>> sequences_of(std::initializer_list<int64_t> lengths) {
  std::vector<std::vector<int32_t>> sequences;
  for (const int64_t length : lengths) {
    sequences.push_back(token_row(length, 23, static_cast<int32_t>(sequences.size())));
  }
  return sequences;
}

TEST(SequenceRewards, AreThoseOfTheModel) {
  const at::NoGradGuard no_grad;
  const Model judge = judge_of(tiny_config());
  const std::vector<std::vector<int32_t>> sequences = {{1, 2, 3}, {4, 5}, {6}};
  const PackedTokens tokens = pack_tokens({&sequences[0], &sequences[1], &sequences[2]});
  const at::Tensor expected_S = judge.rewards(judge.forward(tokens).hidden_TD, tokens);
  const std::vector<double> rewards = sequence_rewards(judge, sequences);
  ASSERT_EQ(rewards.size(), 3u);
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(rewards[static_cast<size_t>(i)], expected_S[i].item<double>());
    EXPECT_NE(rewards[static_cast<size_t>(i)], 0);
  }
  EXPECT_TRUE(sequence_rewards(judge, {}).empty());
}

TEST(SequenceRewards, HaveTheSameBitsInAnyCompany) {
  for (const ModelConfig& config : {tiny_config(), tiny_deepseek_v2(), tiny_qwen2(), tiny_qwen3_moe(), tiny_llama()}) {
    SCOPED_TRACE(config.model_type);
    const Model judge = judge_of(config);
    auto sequences = sequences_of({5, 1, 17, 9, 40, 3, 12, 2, 33, 8, 21, 6});
    std::vector<double> alone;
    for (const auto& sequence : sequences) alone.push_back(sequence_rewards(judge, {sequence}).front());
    for (const int num_threads : {1, 2, 3}) {
      for (const int64_t tokens_per_pack : {1, 30, 2048}) {
        const SequenceRewardsOptions options{.num_threads = num_threads, .tokens_per_pack = tokens_per_pack};
        EXPECT_EQ(sequence_rewards(judge, sequences, options), alone) << num_threads << " " << tokens_per_pack;
      }
    }
    std::reverse(sequences.begin(), sequences.end());
    std::reverse(alone.begin(), alone.end());
    EXPECT_EQ(sequence_rewards(judge, sequences, {.num_threads = 2}), alone);
  }
}

TEST(SequenceRewards, AreRefusedAndStopped) {
  EXPECT_THROW(sequence_rewards(Model::make(tiny_config(), 1), {{1}}), InputError);
  const Model judge = judge_of(tiny_config());
  EXPECT_THROW(sequence_rewards(judge, {{1}, token_row(65, 23, 0)}), InputError);  // the context is 64 tokens
  EXPECT_THROW(sequence_rewards(judge, {{23}}), InputError);                       // ids end at 22
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(sequence_rewards(judge, {{1}}, {.stop = source.get_token()}), StoppedError);
}

}  // namespace
}  // namespace aha::model::sequence_rewards_test
