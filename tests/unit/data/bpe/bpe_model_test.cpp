// Pieces to ids: bytes, characters, byte fallback, unknown characters, whole tokens.
#include "data/bpe/bpe_model.h"

#include <gtest/gtest.h>

#include "data/bpe/token_table.h"

namespace aha::data::bpe::bpe_model_test {
namespace {

using Ids = std::vector<int32_t>;

Ids encode(const BpeModel& model, const std::string& piece) {
  Ids ids;
  model.encode(piece, ids, nullptr);
  return ids;
}

TEST(TokenTable, FindsShortAndLongTokens) {
  TokenTable table(40);
  std::vector<std::string> tokens;
  for (size_t length = 1; length <= 40; ++length) tokens.push_back(std::string(length - 1, 'a') + "b");
  for (size_t i = 0; i < tokens.size(); ++i) table.insert(tokens[i], static_cast<int32_t>(i));
  for (size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(table.find(tokens[i]), static_cast<int32_t>(i));
  EXPECT_EQ(table.find(""), -1);
  EXPECT_EQ(table.find("a"), -1);
  EXPECT_EQ(table.find(std::string("b\0", 2)), -1);
  EXPECT_EQ(table.find(std::string(39, 'a') + "c"), -1);
}

TEST(BpeModel, TakesBytesThroughTheirAlphabet) {
  const BpeModelData data = {.tokens = {"Ġ", "a", "Ã", "©", "Ã©", "Ġa"}, .merges = {{2, 3, 4}, {0, 1, 5}}};
  const BpeModel model(data, /*takes_bytes=*/true);
  EXPECT_EQ(encode(model, " a"), Ids{5});
  EXPECT_EQ(encode(model, "é"), Ids{4});
  EXPECT_EQ(encode(model, "a\xC3"), (Ids{1, 2}));
  EXPECT_EQ(encode(model, "axa"), (Ids{1, 1}));  // x has no token, and there is none for the unknown
}

TEST(BpeModel, MergesATokenThatItsOwnMergesDoNotReach) {
  // "abc" is a token, but merging a text abc ends at ab, c.
  BpeModelData data = {.tokens = {"a", "b", "c", "ab", "bc", "abc"}, .merges = {{0, 1, 3}, {1, 2, 4}, {0, 4, 5}}};
  EXPECT_EQ(encode(BpeModel(data, true), "abc"), (Ids{3, 2}));
  data.ignore_merges = true;
  EXPECT_EQ(encode(BpeModel(data, true), "abc"), Ids{5});
  EXPECT_EQ(encode(BpeModel(data, true), "abcc"), (Ids{3, 2, 2}));
}

TEST(BpeModel, FallsBackToBytes) {
  BpeModelData data = {.tokens = {"<unk>", "a", "<0xC3>", "<0xA9>"}, .merges = {}, .unk_id = 0, .byte_fallback = true};
  const BpeModel model(data, /*takes_bytes=*/false);
  EXPECT_EQ(encode(model, "aé"), (Ids{1, 2, 3}));
  EXPECT_EQ(encode(model, "è"), Ids{0});  // its second byte has no token
  Ids ids;
  model.encode_foreign_byte(0xC3, ids);
  model.encode_foreign_byte(0xFF, ids);
  EXPECT_EQ(ids, (Ids{2, 0}));
}

TEST(BpeModel, FusesUnknownCharactersIfTold) {
  BpeModelData data = {.tokens = {"<unk>", "a"}, .merges = {}, .unk_id = 0};
  EXPECT_EQ(encode(BpeModel(data, false), "xyaz"), (Ids{0, 0, 1, 0}));
  data.fuse_unk = true;
  EXPECT_EQ(encode(BpeModel(data, false), "xyaz"), (Ids{0, 1, 0}));
}

TEST(BpeModel, SaysWhereTokensBegin) {
  const BpeModelData data = {.tokens = {"▁", "a", "b", "▁a", "▁▁"}, .merges = {{0, 0, 4}, {0, 1, 3}}};
  const BpeModel model(data, /*takes_bytes=*/false);
  Ids ids;
  std::vector<size_t> begins;
  model.encode("▁ab▁▁b", ids, &begins);
  EXPECT_EQ(ids, (Ids{3, 2, 4, 2}));
  EXPECT_EQ(begins, (std::vector<size_t>{0, 4, 5, 11}));
}

// Words are cut apart at marks only where no merge could cross the cut.
TEST(BpeModel, MergesAcrossAMarkWhereAMergeDoes) {
  const BpeModelData data = {.tokens = {"▁", "a", "a▁", "▁a"}, .merges = {{1, 0, 2}, {0, 1, 3}}};
  EXPECT_EQ(encode(BpeModel(data, false), "a▁a"), (Ids{2, 1}));
}

}  // namespace
}  // namespace aha::data::bpe::bpe_model_test
