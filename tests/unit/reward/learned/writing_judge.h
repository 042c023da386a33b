// A judge of one layer whose answers are written into its weights: the tests know what it will say.
#pragma once
#include <ATen/core/grad_mode.h>
#include <ATen/ops/eye.h>

#include <map>
#include <memory>
#include <vector>

#include "aha/data/tokenizer.h"
#include "aha/reward/reward.h"
#include "unit/model/tiny_models.h"

namespace aha::test {

/// Each token is followed by the one named here; by one of several with equal probability. Behind <answer> it prefers
/// `loud` to these wherever the prompt is full of exclamation marks, if `loud` is given.
struct Sayings {
  std::map<int32_t, std::vector<int32_t>> next;
  int32_t loud = 0;
};

// Of the byte tokenizer.
constexpr int32_t kEndToken = 258, kAnswerOpen = 261, kAnswerClose = 262, kAssistantToken = 265;

/// <answer>, then one of `answers`, </answer> and the end.
inline Sayings answering(const std::vector<int32_t>& answers, int32_t loud = 0) {
  Sayings sayings{.next = {{kAssistantToken, {kAnswerOpen}}, {kAnswerOpen, answers}, {kAnswerClose, {kEndToken}}},
                  .loud = loud};
  for (const int32_t answer : answers) sayings.next[answer] = {kAnswerClose};
  if (loud != 0) sayings.next[loud] = {kAnswerClose};
  return sayings;
}

inline model::Model writing_judge(const Sayings& sayings) {
  constexpr int64_t kIds = 320, kFlag = 319;
  constexpr double kSure = 10;
  model::ModelConfig config = model::tiny_llama();
  config.llama3_rope.reset();
  config.vocab_size = config.hidden_size = kIds;
  config.num_hidden_layers = 1;
  config.first_k_dense_replace = 1;
  config.max_position_embeddings = 4096;
  config.eos_token_ids = {kEndToken};
  model::Model model = model::Model::make(config, 1);
  const at::NoGradGuard no_grad;
  for (const model::NamedTensor& item : model.weights()) {
    if (item.tensor.dim() > 1) at::Tensor(item.tensor).zero_();
  }
  // What goes through the layer unchanged is the last token; its attention counts exclamation marks into a free place.
  at::Tensor(model.parameter("embed_tokens")).copy_(at::eye(kIds));
  at::Tensor(model.parameter("layers.0.attention.v_proj"))[0]['!'] = 1;
  at::Tensor(model.parameter("layers.0.attention.o_proj"))[kFlag][0] = 1;
  at::Tensor head = model.parameter("lm_head");
  for (const auto& [token, followers] : sayings.next) {
    for (const int32_t follower : followers) head[follower][token] = kSure;
  }
  if (sayings.loud != 0) {
    head[sayings.loud][kAnswerOpen] = kSure - 1;
    head[sayings.loud][kFlag] = 2;
  }
  return model;
}

inline reward::RewardServices judge_services(const Sayings& sayings, int num_threads = 1) {
  const auto model = std::make_shared<model::Model>(writing_judge(sayings));
  return {.load_model = [model](const std::string&) { return model; },
          .load_tokenizer = [](const std::string&) { return data::make_byte_tokenizer(); },
          .num_threads = num_threads};
}

}  // namespace aha::test
