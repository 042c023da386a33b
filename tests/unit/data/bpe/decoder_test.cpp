// Each step of decoding by hand.
#include "data/bpe/decoder.h"

#include <gtest/gtest.h>

namespace aha::data::bpe::decoder_test {
namespace {

std::string decoded(std::unique_ptr<DecoderStep> step, std::vector<std::string> tokens) {
  Decoder decoder;
  decoder.add(std::move(step));
  return decoder.apply(std::move(tokens));
}

TEST(Decoder, WithoutStepsPutsSpacesBetweenTokens) {
  EXPECT_EQ(Decoder().apply({"a", "b"}), "a b");
  EXPECT_EQ(Decoder().apply({}), "");
}

TEST(Decoder, ByteLevelGivesBytes) {
  EXPECT_EQ(decoded(make_byte_level_decoder(), {"Ġa", "Ã", "©"}), " a\u00E9");
  EXPECT_EQ(decoded(make_byte_level_decoder(), {"<｜x｜>", "\xFF"}), "<｜x｜>\xFF");
}

TEST(Decoder, ByteFallbackKeepsBrokenBytes) {
  EXPECT_EQ(decoded(make_byte_fallback_decoder(), {"a", "<0xC3>", "<0xA9>", "<0x0G>", "<0xFF>"}), "a\u00E9<0x0G>\xFF");
}

TEST(Decoder, StripsOnlyAtTheEndsOfTokens) {
  EXPECT_EQ(decoded(make_strip_decoder(" ", 1, 0), {"  a ", " b"}), " a b");
  EXPECT_EQ(decoded(make_strip_decoder("x", 9, 1), {"xxaxx", "x"}), "ax");
}

TEST(Decoder, MetaspaceDropsTheFirstTokensMarks) {
  EXPECT_EQ(decoded(make_metaspace_decoder("▁", true), {"▁a", "▁b▁"}), "a b ");
  EXPECT_EQ(decoded(make_metaspace_decoder("▁", false), {"▁a"}), " a");
}

TEST(Decoder, AppliesStepsInOrder) {
  Decoder decoder;
  decoder.add(make_replace_decoder("▁", " "));
  decoder.add(make_fuse_decoder());
  decoder.add(make_strip_decoder(" ", 1, 0));
  EXPECT_EQ(decoder.apply({"▁a", "▁b"}), "a b");
}

}  // namespace
}  // namespace aha::data::bpe::decoder_test
