// What a .model file may say: a good one read and written again, hostile ones refused by a sentence, never a crash.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "aha/core/error.h"
#include "aha/core/random.h"
#include "data/sentencepiece/charsmap.h"
#include "data/sentencepiece/model_file.h"
#include "data/sentencepiece_tokenizer.h"

namespace aha::data::sentencepiece_model_check_test {
namespace {

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

SentencePieceModel small_model() {
  SentencePieceModel model;
  model.pieces = {{"<unk>", 0, PieceType::kUnknown}, {"<s>", 0, PieceType::kControl}, {"</s>", 0, PieceType::kControl},
                  {"ab", -1.5F, PieceType::kNormal}, {"a", -2, PieceType::kNormal},   {"b", -3, PieceType::kNormal}};
  return model;
}

SentencePieceModel byte_model() {
  SentencePieceModel model = small_model();
  model.has_byte_fallback = true;
  for (int byte = 0; byte < 256; ++byte) model.pieces.push_back({byte_piece(byte), 0, PieceType::kByte});
  return model;
}

std::string refusal(const SentencePieceModel& model) {
  return message_of([&] { read_sentencepiece_model(sentencepiece_model_bytes(model), "x.model"); });
}

std::string refusal_of_bytes(const std::string& bytes) {
  return message_of([&] { read_sentencepiece_model(bytes, "x.model"); });
}

TEST(SentencePieceModel, IsReadAsItWasWritten) {
  SentencePieceModel model = byte_model();
  model.is_bpe = true;
  model.add_dummy_prefix = false;
  model.unk_surface = "?";
  model.pieces[5].type = PieceType::kUserDefined;
  const SentencePieceModel read = read_sentencepiece_model(sentencepiece_model_bytes(model), "x.model");
  ASSERT_EQ(read.pieces.size(), model.pieces.size());
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    EXPECT_EQ(read.pieces[id].text, model.pieces[id].text);
    EXPECT_EQ(read.pieces[id].score, model.pieces[id].score);
    EXPECT_EQ(read.pieces[id].type, model.pieces[id].type);
  }
  EXPECT_TRUE(read.is_bpe);
  EXPECT_TRUE(read.has_byte_fallback);
  EXPECT_FALSE(read.add_dummy_prefix);
  EXPECT_TRUE(read.remove_extra_whitespaces);
  EXPECT_TRUE(read.escape_whitespaces);
  EXPECT_EQ(read.unk_surface, "?");
  EXPECT_EQ(read.find("</s>", PieceType::kControl), 2);
  EXPECT_EQ(read.find("</s>", PieceType::kNormal), -1);
}

TEST(SentencePieceModel, ReadsTheWireFormatByHand) {
  // Field 1 (a piece): text "a" (field 1), score 1.0 (field 2, 0x3f800000); then one of type 2, unknown (field 3).
  const std::string bytes(
      "\x0a\x08\x0a\x01"
      "a\x15\x00\x00\x80\x3f"
      "\x0a\x05\x0a\x01"
      "u\x18\x02",
      17);
  const SentencePieceModel model = read_sentencepiece_model(bytes, "x.model");
  ASSERT_EQ(model.pieces.size(), 2u);
  EXPECT_EQ(model.pieces[0].text, "a");
  EXPECT_EQ(model.pieces[0].score, 1.0F);
  EXPECT_EQ(model.pieces[1].type, PieceType::kUnknown);
  EXPECT_FALSE(model.is_bpe);
}

TEST(SentencePieceModel, RefusesBrokenWireFormat) {
  const std::string end = "; it is cut off, damaged, or no SentencePiece model; load it again";
  EXPECT_EQ(refusal_of_bytes("\x0a"), "x.model: ends in the middle of a field near byte 1" + end);
  EXPECT_EQ(refusal_of_bytes("\x0a\x05"
                             "ab"),
            "x.model: ends in the middle of a field near byte 2" + end);
  EXPECT_EQ(refusal_of_bytes(std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)),
            "x.model: ends in the middle of a field near byte 11" + end);
  EXPECT_EQ(refusal_of_bytes(std::string("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11)),
            "x.model: has an integer of more than 64 bits near byte 11" + end);
  EXPECT_EQ(refusal_of_bytes("\x0b"), "x.model: has a field of a kind that is not known near byte 1" + end);
  EXPECT_EQ(refusal_of_bytes(std::string("\x00\x00", 2)),
            "x.model: has a field without a valid number near byte 1" + end);
  EXPECT_EQ(refusal_of_bytes("\x08\x01"), "x.model: has field 1 of a wrong kind near byte 2" + end);
  EXPECT_EQ(refusal_of_bytes("\x0a\x02\x10\x01"), "x.model: piece 0: has field 2 of a wrong kind near byte 2" + end);
  EXPECT_EQ(refusal_of_bytes(""), "x.model: holds no pieces; it is no SentencePiece model");
  const std::string good = sentencepiece_model_bytes(byte_model());
  for (size_t length = 0; length < good.size(); length += 7) {
    // A cut between two fields leaves a model without byte pieces or without its settings.
    const std::string said = refusal_of_bytes(good.substr(0, length));
    EXPECT_TRUE(said == "nothing was thrown" || said.starts_with("x.model: ")) << said;
  }
}

TEST(SentencePieceModel, RefusesPiecesThatCannotBe) {
  const auto with = [](SentencePiece piece) {
    SentencePieceModel model = small_model();
    model.pieces.push_back(std::move(piece));
    return refusal(model);
  };
  EXPECT_EQ(with({std::string(200'000, 'x')}), "x.model: piece 6: is 200000 bytes long; at most 64,000 are read");
  EXPECT_EQ(with({std::string(64'000, 'x')}), "nothing was thrown");
  EXPECT_EQ(with({"\xFF"}), "x.model: piece 6: is not UTF-8");
  EXPECT_EQ(with({""}), "x.model: piece 6 `` is empty");
  EXPECT_EQ(with({std::string("a\0", 2)}), "x.model: piece 6 `a\\x00` holds a zero byte");
  EXPECT_EQ(with({std::string("\0", 1), 0, PieceType::kUnused}), "nothing was thrown");
  EXPECT_EQ(with({"c", NAN}), "x.model: piece 6 `c` has a score that is no number");
  EXPECT_EQ(with({"c", -INFINITY}), "x.model: piece 6 `c` has a score that is no number");
  EXPECT_EQ(with({"ab"}), "x.model: piece 6 `ab` is there twice");
  EXPECT_EQ(with({"<s>", 0, PieceType::kControl}), "x.model: piece 6 `<s>` is there twice");
  EXPECT_EQ(with({"<s>"}), "nothing was thrown");  // as text and as a control piece
  EXPECT_EQ(with({"<u>", 0, PieceType::kUnknown}), "x.model: piece 6 `<u>` is a second unknown piece");
  EXPECT_EQ(with({"<0x41>", 0, PieceType::kByte}),
            "x.model: piece 6 `<0x41>` is a byte piece of a model without byte fallback");
  EXPECT_EQ(with({"c", 0, static_cast<PieceType>(9)}), "x.model: piece 6: has type 9; types are 1 to 6");
}

TEST(SentencePieceModel, RefusesModelsThatContradictThemselves) {
  SentencePieceModel model = small_model();
  model.pieces.erase(model.pieces.begin());
  EXPECT_EQ(refusal(model), "x.model: has neither an unknown piece nor byte fallback, so some texts have no ids");
  model = small_model();
  model.pieces.resize(3);
  EXPECT_EQ(refusal(model), "x.model: has no piece that stands for text");
  model = byte_model();
  model.pieces.pop_back();
  EXPECT_EQ(refusal(model), "x.model: falls back to bytes, but has 255 of 256 byte pieces");
  model.pieces.push_back({"<0xff>", 0, PieceType::kByte});
  EXPECT_EQ(refusal(model), "x.model: piece 261 `<0xff>` is a byte piece, which must read <0x00> to <0xFF>");
  model = small_model();
  model.is_bpe = true;
  model.pieces.push_back({"<s>"});
  EXPECT_EQ(refusal(model), "x.model: piece 6 `<s>` is there twice");
  const std::string word_model = sentencepiece_model_bytes(small_model()) + "\x12\x02\x18\x03";
  EXPECT_EQ(refusal_of_bytes(word_model), "x.model: is a word or character model; unigram and BPE models are read");
  const std::string rewriting = sentencepiece_model_bytes(small_model()) + "\x2a\x03\x12\x01x";
  EXPECT_EQ(refusal_of_bytes(rewriting),
            "x.model: rewrites decoded text by rules of its own, which is not read; train it without them");
}

// A trie of 256 units, little-endian, then the right sides of its rules.
std::string charsmap_bytes(const std::vector<std::pair<size_t, uint32_t>>& units, const std::string& replacements) {
  std::string bytes = std::string("\x00\x04\x00\x00", 4) + std::string(1024, '\0') + replacements;
  for (const auto& [at, bits] : units) {
    for (int i = 0; i < 4; ++i) bytes[4 + 4 * at + i] = static_cast<char>(bits >> (8 * i) & 0xFF);
  }
  return bytes;
}

// The root's children stand at 1 xor their byte: 'A' (0x41) at 0x40, whose leaf stands at 0x40 xor 2.
constexpr uint32_t kRoot = 1 << 10, kNode = 2 << 10 | 1 << 8 | 0x41, kLeaf = 1U << 31;

TEST(Charsmap, FollowsATrieMadeByHand) {
  const Charsmap map(charsmap_bytes({{0, kRoot}, {0x40, kNode}, {0x42, kLeaf | 2}}, std::string("z\0ae\0", 5)), "x");
  EXPECT_EQ(map.match("Apple").length, 1u);
  EXPECT_EQ(map.match("Apple").replacement, "ae");
  EXPECT_EQ(map.match("apple").length, 0u);
  EXPECT_EQ(map.match("").length, 0u);
  EXPECT_EQ(Charsmap().match("A").length, 0u);
}

TEST(Charsmap, RefusesLengthsAndLinksThatLeaveIt) {
  const auto said = [](const std::string& bytes) { return message_of([&] { Charsmap(bytes, "x"); }); };
  const std::string zero(1, '\0');
  EXPECT_EQ(said("abc"), "x: has normalisation rules of less than 4 bytes; load it again");
  const std::string wrong_length = "x: has normalisation rules whose length is wrong; load it again";
  EXPECT_EQ(said(std::string("\x00\x04\x00\x00", 4)), wrong_length);
  EXPECT_EQ(said(std::string("\x01\x00\x00\x00zzzz", 8)), wrong_length);
  EXPECT_EQ(said(std::string("\xff\xff\xff\xff", 4) + std::string(2000, 'x')), wrong_length);
  EXPECT_EQ(said(charsmap_bytes({}, "")), wrong_length);
  EXPECT_EQ(said(charsmap_bytes({}, "z")), "x: has a normalisation rule without an end; load it again");
  const auto outside = [](int unit) {
    return "x: has normalisation rules that point outside themselves at unit " + std::to_string(unit) +
           "; load it again";
  };
  EXPECT_EQ(said(charsmap_bytes({{7, 256U << 10}}, zero)), outside(7));
  EXPECT_EQ(said(charsmap_bytes({{7, 1U << 10 | 1U << 9}}, zero)), outside(7));  // the offset counts in 256s
  EXPECT_EQ(said(charsmap_bytes({{7, kLeaf | 1}}, zero)), outside(7));
  EXPECT_EQ(said(charsmap_bytes({{0x40, kNode}}, zero)), outside(0x40));  // says that it has a leaf, and has none
}

TEST(SentencePieceModel, SurvivesChangedBytes) {
  SentencePieceModel model = byte_model();
  model.charsmap = charsmap_bytes({{0, kRoot}, {0x40, kNode}, {0x42, kLeaf | 2}}, std::string("z\0ae\0", 5));
  const std::string good = sentencepiece_model_bytes(model);
  Random random(1, "changed bytes");
  int num_read = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string bytes = good;
    for (uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    try {
      const SentencePieceTokenizer tokenizer(read_sentencepiece_model(bytes, "x"), {}, "x");
      const auto ids = tokenizer.encode("abA ba\xFFz\xE2\x96\x81");
      for (const int32_t id : ids) ASSERT_LT(id, tokenizer.vocab_size());
      tokenizer.decode(ids, /*skip_special=*/false);
      ++num_read;
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(num_read, 100);
}

}  // namespace
}  // namespace aha::data::sentencepiece_model_check_test
