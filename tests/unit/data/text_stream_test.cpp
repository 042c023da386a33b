// Text of growing ids: whole characters, nothing lost, nothing twice.
#include "data/text_stream.h"

#include <gtest/gtest.h>

namespace aha::data::text_stream_test {
namespace {

std::vector<std::string> pieces_of(const std::shared_ptr<const Tokenizer>& tokenizer, const std::vector<int32_t>& ids) {
  TextStream stream(tokenizer);
  std::vector<std::string> pieces;
  for (size_t count = 1; count <= ids.size(); ++count) pieces.push_back(stream.take({ids.data(), count}));
  pieces.push_back(stream.finish(ids));
  return pieces;
}

// Words with the space before them; a text's first one loses it, as in SentencePiece.
class SpacedTokenizer final : public Tokenizer {
 public:
  std::vector<int32_t> encode(std::string_view) const override { return {}; }
  EncodedText encode_with_offsets(std::string_view) const override { return {}; }
  std::string decode(const std::vector<int32_t>& ids, bool) const override {
    static const char* const kWords[] = {" one", " two", "\xE4\xB8", "\xAD"};
    std::string text;
    for (const int32_t id : ids) text += kWords[id];
    return text.starts_with(' ') ? text.substr(1) : text;
  }
  int64_t vocab_size() const override { return 4; }
  std::vector<int32_t> eos_ids() const override { return {}; }
  int32_t bos_id() const override { return -1; }
  int32_t pad_id() const override { return -1; }
  std::string kind() const override { return "words"; }
  std::shared_ptr<const ChatTemplate> chat_template() const override { return nullptr; }
  void save(const std::filesystem::path&) const override {}
};

TEST(TextStream, WaitsForWholeCharacters) {
  const auto bytes = make_byte_tokenizer();
  // é is two bytes, 中 three, 😀 four.
  EXPECT_EQ(pieces_of(bytes, bytes->encode("aé中<think>😀")),
            (std::vector<std::string>{"a", "", "é", "", "", "中", "<think>", "", "", "", "😀", ""}));
}

TEST(TextStream, GivesBrokenBytesAsTheyAre) {
  const auto bytes = make_byte_tokenizer();
  const std::vector<int32_t> ids = {0xFF, 'a', 0xE4, 'b', 0x80, 0xE4, 0xB8};
  const std::vector<std::string> wanted = {"\xFF", "a", "", std::string("\xE4") + "b", "\x80", "", "", "\xE4\xB8"};
  EXPECT_EQ(pieces_of(bytes, ids), wanted);
}

TEST(TextStream, KeepsSpacesThatOnlyATextsStartLoses) {
  const auto words = std::make_shared<SpacedTokenizer>();
  EXPECT_EQ(pieces_of(words, {0, 1, 2, 3, 0, 0, 2}),
            (std::vector<std::string>{"one", " two", "", "中", " one", " one", "", "\xE4\xB8"}));
}

TEST(TextStream, PassesOverIdsThatTheTokenizerLacks) {
  const auto bytes = make_byte_tokenizer();
  EXPECT_EQ(pieces_of(bytes, {'a', 320, 0xC3, 100'000, 0xA9}), (std::vector<std::string>{"a", "", "", "", "é", ""}));
}

TEST(TextStream, TakesManyIdsAtOnce) {
  const auto bytes = make_byte_tokenizer();
  const std::vector<int32_t> ids = bytes->encode("Größe 中");
  TextStream stream(bytes);
  EXPECT_EQ(stream.take({ids.data(), 3}), "Gr");
  EXPECT_EQ(stream.take({ids.data(), ids.size() - 1}), "öße ");
  EXPECT_EQ(stream.take(ids), "中");
  EXPECT_EQ(stream.take(ids), "");
  EXPECT_EQ(stream.finish(ids), "");
}

}  // namespace
}  // namespace aha::data::text_stream_test
