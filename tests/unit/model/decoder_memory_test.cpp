// What a decoder takes of memory for contexts that nobody uses.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "aha/core/error.h"
#include "unit/model/decoded_text.h"

namespace aha::model::decoder_memory_test {
namespace {

int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(DecoderMemory, ALongContextCostsNothingUntilItIsUsed) {
  ModelConfig config = tiny_grouped();
  config.max_position_embeddings = 1 << 21;  // 48 MB of angles, 32 MB of scores
  const DecodeWeights weights(Model::make(config, 1));
  const int64_t before = resident_bytes();
  KvCache cache(config, bytes_for(config, config.max_position_embeddings / kPageTokens));
  const auto logits = decode(weights, cache, make_text(cache, 70, config.vocab_size, 2), 70);
  EXPECT_EQ(logits.size(), 70);
  EXPECT_LT(resident_bytes() - before, 8 << 20);
}

TEST(DecoderMemory, PositionsEndWhereTheCacheOrTheContextDoes) {
  ModelConfig config = tiny_grouped();
  config.max_position_embeddings = 100;
  const DecodeWeights weights(Model::make(config, 1));
  const auto accepts = [&](int64_t num_pages, int32_t position) {
    KvCache cache(config, bytes_for(config, num_pages));
    const std::vector<int32_t> pages(2, cache.allocate());
    Decoder decoder(weights, cache, 1);
    try {
      decoder.step(std::vector<DecodeRow>{{0, position, pages.data(), true}});
    } catch (const ShapeError&) {
      return false;
    }
    return true;
  };
  EXPECT_TRUE(accepts(1, 63));
  EXPECT_FALSE(accepts(1, 64));
  EXPECT_TRUE(accepts(2, 99));
  EXPECT_FALSE(accepts(2, 100));
  EXPECT_FALSE(accepts(2, -1));
}

}  // namespace
}  // namespace aha::model::decoder_memory_test
