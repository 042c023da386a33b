// Small prompts and the comparison of completions, for the tests of the engine.
#pragma once
#include <gtest/gtest.h>

#include <vector>

#include "aha/model/decoder.h"
#include "aha/rollout/engine.h"
#include "unit/model/tiny_models.h"

namespace aha::rollout {

inline data::Prompt tiny_prompt(int64_t id, int64_t length, int64_t vocab_size = 23) {
  data::Prompt prompt;
  prompt.id = id;
  prompt.token_ids = model::token_row(length, vocab_size, static_cast<int32_t>(id));
  return prompt;
}

inline data::PromptBatch tiny_prompts(std::initializer_list<int64_t> lengths) {
  data::PromptBatch prompts;
  for (const int64_t length : lengths) prompts.push_back(tiny_prompt(100 + std::ssize(prompts), length));
  return prompts;
}

inline SamplingParams tiny_sampling(int64_t num_generations, int64_t max_completion_length) {
  SamplingParams params;
  params.num_generations = num_generations;
  params.max_completion_length = max_completion_length;
  return params;
}

/// Norms and biases that matter, room for 256 tokens, token 2 ends.
inline model::Model tiny_policy(model::ModelConfig config) {
  config.max_position_embeddings = 256;
  config.eos_token_ids = {2};
  model::Model model = model::Model::make(config, 11);
  model::stir(model);
  return model;
}

/// All there is but the text.
inline void expect_same(const data::Completion& a, const data::Completion& b) {
  EXPECT_EQ(a.sample_index, b.sample_index);
  EXPECT_EQ(a.token_ids, b.token_ids);
  EXPECT_EQ(a.logprobs, b.logprobs);
  EXPECT_EQ(a.policy_logprobs, b.policy_logprobs);
  EXPECT_EQ(a.policy_versions, b.policy_versions);
  EXPECT_EQ(a.finish_reason, b.finish_reason);
  EXPECT_EQ(a.routing, b.routing);
}

inline void expect_same(const std::vector<data::Completion>& a, const std::vector<data::Completion>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    SCOPED_TRACE(i);
    expect_same(a[i], b[i]);
  }
}

inline void expect_same(const std::vector<Answer>& a, const std::vector<Answer>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    SCOPED_TRACE(testing::Message() << "request " << i);
    expect_same(a[i].completions, b[i].completions);
    EXPECT_EQ(a[i].prompt_routing, b[i].prompt_routing);
  }
}

}  // namespace aha::rollout
