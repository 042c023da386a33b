// A decode step allocates nothing: operator new of this program counts.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "aha/model/decoder.h"
#include "unit/model/tiny_models.h"

namespace {
std::atomic<int64_t> num_allocations = 0;
}  // namespace

void* operator new(std::size_t bytes) {
  ++num_allocations;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace aha::model::decoder_allocation_test {
namespace {

void expect_no_allocation(const ModelConfig& config, const DecodeOptions& options, int num_threads) {
  const DecodeWeights weights(Model::make(config, 1), options);
  KvCache cache(config, 20 * KvCache::page_bytes(config, options), options);
  constexpr int32_t kRows = 20;
  std::vector<int32_t> pages;
  for (int i = 0; i < kRows; ++i) pages.push_back(cache.allocate());
  Decoder decoder(weights, cache, kRows, num_threads);
  std::vector<uint8_t> experts(kRows * 2 * 3);
  std::vector<DecodeRow> rows(kRows);
  std::vector<DraftRow> draft_rows(kRows / 2);
  const auto run_step = [&](int32_t position) {
    for (int32_t r = 0; r < kRows; ++r) {
      rows[r] = {(r + position) % 23, position, &pages[r], r % 2 == 0, experts.data() + r * 6};
    }
    decoder.step(rows);
    if (!options.with_mtp) return;
    for (int32_t r = 0; r < kRows / 2; ++r) draft_rows[r] = {2 * r, (r + position) % 23, r % 3 == 0};
    decoder.draft(draft_rows);
  };
  // The first steps grow the products' own scratch, which is kept; on all threads and on one.
  for (int32_t position = 0; position < 40; ++position) run_step(position);
  const int64_t before = num_allocations;
  for (int32_t position = 40; position < 64; ++position) run_step(position);
  EXPECT_EQ(num_allocations, before);
}

TEST(DecoderAllocation, AStepAllocatesNothing) {
  for (const ModelConfig& config : {tiny_config(), plain_config(), tiny_qwen2(), tiny_qwen3_moe()}) {
    for (const ops::NumberType type : {ops::NumberType::kFloat32, ops::NumberType::kBFloat16}) {
      for (const int num_threads : {1, 2}) {
        expect_no_allocation(config, {.type = type}, num_threads);
        if (config.num_nextn_predict_layers > 0) {
          expect_no_allocation(config, {.type = type, .with_mtp = true}, num_threads);
        }
      }
    }
  }
}

TEST(DecoderAllocation, TheCounterCounts) {
  const int64_t before = num_allocations;
  EXPECT_EQ(std::make_unique<std::vector<int>>(3)->size(), 3);
  EXPECT_EQ(num_allocations, before + 2);
}

}  // namespace
}  // namespace aha::model::decoder_allocation_test
