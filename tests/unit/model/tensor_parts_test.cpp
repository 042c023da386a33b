// What decoding by LibTorch's operations is made of: blocks of rows, the gate, weights and cache.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "aha/core/random.h"
#include "model/router_shape.h"
#include "model/tensor_feed_forward.h"
#include "model/tensor_rows.h"
#include "unit/model/decoded_text.h"

namespace aha::model::tensor_parts_test {
namespace {

const DecodeOptions kTensors{.tensor_device = at::Device(at::kCPU)};

std::vector<std::vector<int64_t>> cut(const std::vector<DecodeRow>& rows, int64_t most_numbers) {
  std::vector<std::vector<int64_t>> blocks;
  for (const RowBlock& block : cut_blocks(rows, {.slot_width = 10, .num_heads = 4}, most_numbers)) {
    blocks.push_back({block.first_row, block.num_sequences, block.rows_each});
  }
  return blocks;
}

TEST(TensorRows, AreCutIntoBlocksThatFit) {
  const int32_t a[] = {0, 1}, b[] = {2, 3}, c[] = {4, 5};
  // A token of three sequences each, at 20, 30 and 10: slots of 10 numbers of 20, 30 and 30 tokens.
  const std::vector<DecodeRow> singles{{1, 19, a, true}, {1, 29, b, true}, {1, 9, c, true}};
  using Blocks = std::vector<std::vector<int64_t>>;
  EXPECT_EQ(cut(singles, 900), (Blocks{{0, 3, 1}}));
  EXPECT_EQ(cut(singles, 899), (Blocks{{0, 2, 1}, {2, 1, 1}}));
  EXPECT_EQ(cut(singles, 599), (Blocks{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}}));
  EXPECT_EQ(cut(singles, 1), (Blocks{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}}));
  // Three rows of 4 heads that see up to 30 tokens, then one.
  const std::vector<DecodeRow> run{{1, 27, a, true}, {1, 28, a, true}, {1, 29, a, true}, {1, 3, b, true}};
  EXPECT_EQ(cut(run, 360), (Blocks{{0, 1, 3}, {3, 1, 1}}));
  EXPECT_EQ(cut(run, 359), (Blocks{{0, 1, 2}, {2, 1, 1}, {3, 1, 1}}));
  EXPECT_EQ(cut(run, 600), (Blocks{{0, 1, 3}, {3, 1, 1}}));
  EXPECT_EQ(cut(run, 231), (Blocks{{0, 1, 1}, {1, 1, 1}, {2, 1, 1}, {3, 1, 1}}));
  EXPECT_TRUE(cut({}, 100).empty());
}

ops::RouterShape gate(int64_t num_groups, int64_t topk_groups, ops::RouterScore score, ops::GroupRank rank,
                      bool normalize) {
  return {.num_experts = 12,
          .experts_per_token = 3,
          .num_groups = num_groups,
          .topk_groups = topk_groups,
          .normalize = normalize,
          .scaling = 1.7,
          .score = score,
          .group_rank = rank};
}

TEST(TensorExperts, AreChosenAsRowByRow) {
  using enum ops::RouterScore;
  using enum ops::GroupRank;
  for (const ops::RouterShape& shape : {gate(1, 1, kSigmoid, kTwoBest, true), gate(4, 2, kSigmoid, kTwoBest, true),
                                        gate(3, 2, kSoftmax, kBest, false), gate(12, 5, kSigmoid, kTwoBest, false)}) {
    for (const bool has_bias : {false, true}) {
      Random random(3, "gate");
      const at::Tensor logits = at::empty({40, 12}), bias = at::empty({12});
      // Few different values: there are ties.
      for (int64_t i = 0; i < 480; ++i) logits.data_ptr<float>()[i] = static_cast<float>(random.below(6)) * 0.5f - 1;
      for (int64_t i = 0; i < 12; ++i) bias.data_ptr<float>()[i] = static_cast<float>(random.below(3)) * 0.25f;
      const TensorChoice choice = choose_experts(logits, has_bias ? bias : at::Tensor(), shape);
      for (int64_t r = 0; r < 40; ++r) {
        int32_t expert[3];
        float weight[3], score[12];
        ops::route_row(shape, logits.const_data_ptr<float>() + r * 12,
                       has_bias ? bias.const_data_ptr<float>() : nullptr, expert, weight, score);
        for (int64_t k = 0; k < 3; ++k) {
          EXPECT_EQ(choice.expert_RK[r][k].item<int64_t>(), expert[k]) << r << " " << k;
          EXPECT_NEAR(choice.weight_RK[r][k].item<float>(), weight[k], 1e-6);
        }
      }
    }
  }
}

TEST(TensorWeights, AreTheModelsOwnWhereTheyCanBe) {
  const ModelConfig config = tiny_config();
  const Model model = Model::make(config, 3);
  const DecodeWeights weights(model, kTensors);
  const auto decode_one = [&] {
    KvCache cache(config, bytes_for(config, 1), kTensors);
    return decode(weights, cache, make_text(cache, 2, config.vocab_size, 3), 2)[1];
  };
  const std::vector<float> before = decode_one();
  {
    const at::NoGradGuard no_grad;
    at::Tensor(model.parameter("lm_head")).mul_(2);
  }
  const std::vector<float> after = decode_one();
  for (size_t i = 0; i < before.size(); ++i) EXPECT_FLOAT_EQ(after[i], 2 * before[i]);
}

TEST(TensorWeights, FollowAnUpdateAndHoldAdaptersMerged) {
  for (const ModelConfig& config : {tiny_config(), tiny_qwen2()}) {
    SCOPED_TRACE(config.model_type);
    Model model = Model::make(config, 3, at::kDouble);
    DecodeWeights weights(model, kTensors);
    model.add_lora({.r = 2, .alpha = 4}, 7);
    {
      const at::NoGradGuard no_grad;
      for (const NamedTensor& item : model.parameters()) {
        const at::Tensor wave = at::cos(at::arange(item.tensor.numel()) * 1.7) * 0.15;
        at::Tensor(item.tensor).copy_(wave.view(item.tensor.sizes()));
      }
    }
    weights.update(model);
    KvCache cache(config, bytes_for(config, 1), kTensors), plain(config, bytes_for(config, 1));
    const at::Tensor decoded = to_tensor(decode(weights, cache, make_text(cache, 20, config.vocab_size, 3), 20));
    const at::Tensor expected =
        to_tensor(decode(DecodeWeights(model), plain, make_text(plain, 20, config.vocab_size, 3), 20));
    EXPECT_LE((decoded - expected).abs().max().item<double>(), 1e-5);
  }
}

TEST(TensorWeights, TellTheBytesOfThePackedOnes) {
  for (const ModelConfig& config : {tiny_config(), tiny_grouped(), tiny_qwen2(), tiny_qwen3_moe()}) {
    SCOPED_TRACE(config.model_type);
    const Model model = Model::make(config, 1);
    const DecodeWeights weights(model, kTensors), packed(model);
    for (const int64_t num_experts : {0, 3, 100})
      EXPECT_EQ(weights.step_bytes(num_experts), packed.step_bytes(num_experts));
    // A tied table is there once, not as embedding and as head.
    const int64_t table = config.tie_word_embeddings ? 4 * config.vocab_size * config.hidden_size : 0;
    EXPECT_EQ(weights.bytes(), packed.bytes() - table);
  }
}

TEST(TensorCache, CopiesPagesAndIsSharedByItsParts) {
  const ModelConfig config = tiny_config();
  KvCache cache(config, bytes_for(config, 4), kTensors);
  EXPECT_EQ(cache.tensor().sizes(), at::IntArrayRef({4, 2, 64, 10}));
  KvCache part = cache.part({1, 2});
  const int32_t page = part.allocate();
  EXPECT_EQ(page, 2);
  at::Tensor(cache.tensor()).fill_(1);
  at::Tensor(cache.tensor())[page].fill_(7);
  const int32_t copy = part.copy(page);
  EXPECT_EQ(copy, 3);
  EXPECT_TRUE(cache.tensor()[copy].eq(7).all().item<bool>());
  EXPECT_TRUE(cache.tensor()[1].eq(1).all().item<bool>());
  EXPECT_EQ(part.copy(page), -1);
}

}  // namespace
}  // namespace aha::model::tensor_parts_test
