// SentencePiece models by hand: ids, offsets and text, and the two segmentations against plain searches.
#include "data/sentencepiece_tokenizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/random.h"

namespace aha::data::sentencepiece_tokenizer_test {
namespace {

using Ids = std::vector<int32_t>;

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

// Ids 0 to 2 are <unk> <s> </s>; text is taken as it is.
SentencePieceModel model_of(const std::vector<SentencePiece>& pieces) {
  SentencePieceModel model;
  model.add_dummy_prefix = model.remove_extra_whitespaces = false;
  model.pieces = {{"<unk>", 0, PieceType::kUnknown}, {"<s>", 0, PieceType::kControl}, {"</s>", 0, PieceType::kControl}};
  model.pieces.insert(model.pieces.end(), pieces.begin(), pieces.end());
  return model;
}

void add_bytes(SentencePieceModel& model) {
  model.has_byte_fallback = true;
  for (int byte = 0; byte < 256; ++byte) model.pieces.push_back({byte_piece(byte), 0, PieceType::kByte});
}

std::unique_ptr<SentencePieceTokenizer> tokenizer_of(const SentencePieceModel& model,
                                                     SentencePieceSettings settings = {}) {
  return std::make_unique<SentencePieceTokenizer>(model, std::move(settings), "x.model");
}

TEST(Unigram, TakesTheLargestSum) {
  // ab + c = -3, a + bc = -4.5, abc by characters = -9.
  const auto model = model_of({{"a", -3}, {"b", -3}, {"c", -1}, {"ab", -2}, {"bc", -1.5F}});
  EXPECT_EQ(tokenizer_of(model)->encode("abc"), (Ids{6, 5}));
  EXPECT_EQ(tokenizer_of(model)->encode("abcbc"), (Ids{6, 5, 7}));
  EXPECT_EQ(tokenizer_of(model)->encode(""), Ids{});
}

TEST(Unigram, OfEqualSumsTheOneWhoseLastPieceStartsFirst) {
  const auto model = model_of({{"a", -1}, {"b", -1}, {"ab", -2}});
  EXPECT_EQ(tokenizer_of(model)->encode("ab"), (Ids{5}));
}

TEST(Unigram, WritesAnUnknownRunOnceOrByItsBytes) {
  auto model = model_of({{"a", -1}});
  EXPECT_EQ(tokenizer_of(model)->encode("aéêa"), (Ids{3, 0, 3}));
  EXPECT_EQ(tokenizer_of(model)->decode({3, 0, 3}, false), "a \xE2\x81\x87 a");
  add_bytes(model);
  EXPECT_EQ(tokenizer_of(model)->encode("aé"), (Ids{3, 4 + 0xC3, 4 + 0xA9}));
  EXPECT_EQ(tokenizer_of(model)->decode({4 + 0xC3, 4 + 0xA9, 4 + 0xFF}, false), "é\xFF");
}

TEST(Unigram, UserDefinedPiecesWinAndUnusedOnesNever) {
  // bab counts 0.1 for each byte but the first, whatever its score.
  const auto model = model_of(
      {{"a", -1}, {"b", -1}, {"ab", -0.7F}, {"bab", -100, PieceType::kUserDefined}, {"aa", 5, PieceType::kUnused}});
  EXPECT_EQ(tokenizer_of(model)->encode("abab"), (Ids{3, 6}));
  EXPECT_EQ(tokenizer_of(model)->encode("aa"), (Ids{3, 3}));
}

// All ways to cut the text, by recursion over the first piece; sums in float32 from the left.
double best_sum(const SentencePieceModel& model, std::string_view text) {
  if (text.empty()) return 0;
  double best = -1e30;
  for (const SentencePiece& piece : model.pieces) {
    if (piece.type != PieceType::kNormal || !text.starts_with(piece.text)) continue;
    best = std::max(best, piece.score + best_sum(model, text.substr(piece.text.size())));
  }
  return best;
}

TEST(Unigram, AgreesWithASearchOverAllWays) {
  Random random(3, "unigram");
  std::vector<SentencePiece> pieces = {{"a", -5}, {"b", -6}, {"c", -7}};
  for (int i = 0; i < 20; ++i) {
    std::string text;
    for (uint64_t length = 2 + random.below(4); text.size() < length;) text += static_cast<char>('a' + random.below(3));
    const bool is_new = std::none_of(pieces.begin(), pieces.end(), [&](auto& piece) { return piece.text == text; });
    if (is_new) pieces.push_back({text, static_cast<float>(-3 - 12 * random.uniform())});
  }
  const auto model = model_of(pieces);
  const auto tokenizer = tokenizer_of(model);
  for (int i = 0; i < 100; ++i) {
    std::string text;
    for (uint64_t length = 1 + random.below(14); text.size() < length;)
      text += static_cast<char>('a' + random.below(3));
    double sum = 0;
    for (const int32_t id : tokenizer->encode(text)) sum += model.pieces[id].score;
    EXPECT_NEAR(sum, best_sum(model, text), 1e-4) << text;
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text), false), text);
  }
}

TEST(Unigram, StaysExactOverLongTexts) {
  const auto model = model_of({{"a", -3.25F}, {"b", -3.5F}, {"ab", -6.5F}});
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "ab";
  EXPECT_EQ(tokenizer_of(model)->encode(text), Ids(60'000, 5));
}

SentencePieceModel merging(const std::vector<SentencePiece>& pieces) {
  SentencePieceModel model = model_of(pieces);
  model.is_bpe = true;
  return model;
}

TEST(Merges, BestScoreFirstThenLeftmost) {
  // bc (-1) is merged before ab (-2); with cd alike, the left one goes first.
  const auto model = merging({{"a", -9}, {"b", -9}, {"c", -9}, {"d", -9}, {"ab", -2}, {"bc", -1}, {"cd", -1}});
  EXPECT_EQ(tokenizer_of(model)->encode("abcd"), (Ids{3, 8, 6}));
  EXPECT_EQ(tokenizer_of(model)->encode("abd"), (Ids{7, 6}));
}

TEST(Merges, UnusedPiecesServeOnTheWayOnly) {
  const auto model = merging({{"a", -9}, {"b", -9}, {"c", -9}, {"ab", -1, PieceType::kUnused}, {"abc", -2}});
  EXPECT_EQ(tokenizer_of(model)->encode("abc"), (Ids{7}));
  EXPECT_EQ(tokenizer_of(model)->encode("ab"), (Ids{3, 4}));
  EXPECT_EQ(tokenizer_of(model)->encode("abab"), (Ids{3, 4, 3, 4}));
}

TEST(Merges, UserDefinedPiecesStayWhole) {
  const auto model = merging({{"a", -9}, {"b", -9}, {"ab", -1}, {"bb", 0, PieceType::kUserDefined}});
  EXPECT_EQ(tokenizer_of(model)->encode("abb"), (Ids{3, 6}));
  EXPECT_EQ(tokenizer_of(model)->encode("ab"), (Ids{5}));
}

TEST(Merges, ControlAndBytePiecesAreNoResults) {
  SentencePieceModel model = merging({{"<", -9}, {"/", -9}, {"s", -9}, {">", -9}, {"</", -1}, {"</s", -2}});
  add_bytes(model);
  SentencePieceSettings settings;
  // Written tokens would catch </s> first, so it is looked for in pieces of the text that they leave.
  EXPECT_EQ(tokenizer_of(model, settings)->encode("</s</"), (Ids{8, 7}));
  EXPECT_EQ(tokenizer_of(model)->encode("</s>"), (Ids{2}));
}

// Merges by looking at all neighbours again each time.
Ids slow_merges(const SentencePieceModel& model, const std::string& text) {
  std::vector<std::string> symbols;
  for (size_t at = 0; at < text.size(); at += symbols.back().size()) {
    symbols.push_back(text.substr(at, character_or_byte(text, at)));
  }
  while (true) {
    size_t best = symbols.size();
    float best_score = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const int32_t id = model.find(symbols[i] + symbols[i + 1], PieceType::kNormal);
      if (id < 0 || (best < symbols.size() && model.pieces[id].score <= best_score)) continue;
      best = i;
      best_score = model.pieces[id].score;
    }
    if (best == symbols.size()) break;
    symbols[best] += symbols[best + 1];
    symbols.erase(symbols.begin() + static_cast<int64_t>(best) + 1);
  }
  Ids ids;
  for (const std::string& symbol : symbols) ids.push_back(model.find(symbol, PieceType::kNormal));
  return ids;
}

TEST(Merges, AgreeWithASlowSearchAcrossSpaces) {
  Random random(4, "merges");
  const std::vector<std::string> alphabet = {"a", "b", std::string(kSpaceMark), "é"};
  std::vector<SentencePiece> pieces = {{"a", -90}, {"b", -91}, {std::string(kSpaceMark), -92}, {"é", -93}};
  // Half of the models have a piece with a space inside, which forbids cutting the text into words.
  for (const bool has_inner_space : {false, true}) {
    for (int i = 0; i < 40; ++i) {
      std::string text = random.chance(0.4) ? std::string(kSpaceMark) : "";
      for (uint64_t length = 1 + random.below(4); length > 0; --length) text += alphabet[random.below(4)];
      const bool is_known = std::any_of(pieces.begin(), pieces.end(), [&](auto& piece) { return piece.text == text; });
      const bool has_space = text.find(kSpaceMark, 1) != std::string::npos;
      if (!is_known && (has_inner_space || !has_space)) pieces.push_back({text, static_cast<float>(-i)});
    }
    const auto model = merging(pieces);
    const auto tokenizer = tokenizer_of(model);
    for (int i = 0; i < 100; ++i) {
      std::string marked;
      for (uint64_t length = 1 + random.below(20); length > 0; --length) marked += alphabet[random.below(4)];
      EXPECT_EQ(tokenizer->encode(marked), slow_merges(model, marked)) << marked;
    }
  }
}

SentencePieceModel llama_like() {
  SentencePieceModel model = merging({});
  model.add_dummy_prefix = true;
  add_bytes(model);
  for (const char* text : {"▁", "a", "b", "▁a", "▁▁"}) model.pieces.push_back({text, -float(model.pieces.size())});
  return model;
}
constexpr int32_t kMark = 259, kA = 260, kB = 261, kMarkA = 262, kTwoMarks = 263;

TEST(SentencePieceTokenizer, PutsASpaceBeforeATextAndTakesItAway) {
  const auto tokenizer = tokenizer_of(llama_like());
  EXPECT_EQ(tokenizer->encode("ab"), (Ids{kMarkA, kB}));
  EXPECT_EQ(tokenizer->encode(" ab"), (Ids{kMark, kMarkA, kB}));
  EXPECT_EQ(tokenizer->encode("   b"), (Ids{kTwoMarks, kTwoMarks, kB}));
  EXPECT_EQ(tokenizer->encode("b\n"), (Ids{kMark, kB, 3 + 10}));
  for (const std::string text : {"ab", " ab", "  a", "   b ", "b\n", "é", " é", "a\xFF", "\xE2\x96", "", " "}) {
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text), false), text);
  }
  EXPECT_EQ(tokenizer->decode({kA, kMarkA}, false), "a a");
}

TEST(SentencePieceTokenizer, KnowsWrittenTokensAndPutsNoSpaceBehindThem) {
  SentencePieceSettings settings;
  settings.tokens = {{0, "<unk>"}, {264, "<|im_end|>"}, {266, "<tool>", /*is_special=*/false}};
  const auto tokenizer = tokenizer_of(llama_like(), settings);
  EXPECT_EQ(tokenizer->vocab_size(), 267);
  EXPECT_EQ(tokenizer->encode("<s>a</s> a<|im_end|><tool>b<unk>"), (Ids{1, kA, 2, kMarkA, 264, 266, kB, 0}));
  EXPECT_EQ(tokenizer->encode("a<s"), tokenizer_of(llama_like())->encode("a<s"));
  const Ids ids = {1, kMarkA, 264, 266, kMarkA, 2};
  EXPECT_EQ(tokenizer->decode(ids, false), "<s> a<|im_end|><tool> a</s>");
  EXPECT_EQ(tokenizer->decode(ids, true), "a<tool> a");
  EXPECT_EQ(tokenizer->decode({265}, false), "");  // an id that no file names
  EXPECT_EQ(message_of([&] { tokenizer->decode({267}, false); }),
            "token id 267: is outside the vocabulary of 267 tokens");
  EXPECT_THROW(tokenizer->decode({-1}, false), InputError);
}

TEST(SentencePieceTokenizer, TellsWhereTokensBegin) {
  const auto tokenizer = tokenizer_of(llama_like());
  const EncodedText encoded = tokenizer->encode_with_offsets("ab</s> é a");
  EXPECT_EQ(encoded.token_ids, (Ids{kMarkA, kB, 2, kMark, 3 + 0xC3, 3 + 0xA9, kMarkA}));
  EXPECT_EQ(encoded.begins, (std::vector<int64_t>{0, 1, 2, 6, 7, 7, 9}));
}

TEST(SentencePieceTokenizer, RemovesExtraSpacesWhereTheModelDoes) {
  SentencePieceModel model = llama_like();
  model.remove_extra_whitespaces = true;
  const auto tokenizer = tokenizer_of(model);
  EXPECT_EQ(tokenizer->encode("  a   b  "), (Ids{kMarkA, kMark, kB}));
  EXPECT_EQ(tokenizer->encode("   "), Ids{});
  EXPECT_EQ(tokenizer->encode_with_offsets("  a   b  ").begins, (std::vector<int64_t>{2, 3, 6}));
  EXPECT_EQ(tokenizer->decode({kMark, kMarkA}, false), "a");
  EXPECT_EQ(tokenizer_of(llama_like())->decode({kMark, kMarkA}, false), " a");
}

TEST(SentencePieceTokenizer, ReplacesBrokenBytesWithoutBytePieces) {
  const auto tokenizer = tokenizer_of(model_of({{"a", -1}, {"\xEF\xBF\xBD", -2}}));
  EXPECT_EQ(tokenizer->encode("a\xFF"), (Ids{3, 4}));
}

TEST(SentencePieceTokenizer, NamesItsTokens) {
  const auto model = llama_like();
  const auto plain = tokenizer_of(model);
  EXPECT_EQ(plain->kind(), "bpe");
  EXPECT_EQ(plain->bos_id(), 1);
  EXPECT_EQ(plain->eos_ids(), Ids{2});
  EXPECT_EQ(plain->pad_id(), 2);
  EXPECT_EQ(plain->prefix_ids(), Ids{});
  SentencePieceSettings settings;
  settings.eos_ids = {kA, 2};
  settings.pad_id = 0;
  settings.adds_bos = settings.adds_eos = true;
  const auto set = tokenizer_of(model, settings);
  EXPECT_EQ(set->eos_ids(), (Ids{kA, 2}));
  EXPECT_EQ(set->pad_id(), 0);
  EXPECT_EQ(set->prefix_ids(), Ids{1});
  EXPECT_EQ(set->suffix_ids(), Ids{kA});
  EXPECT_EQ(set->encode_prompt("a"), (Ids{1, kMarkA}));
}

TEST(SentencePieceTokenizer, RefusesTokensThatCannotBe) {
  const auto said = [](SentencePieceSettings settings) {
    return message_of([&] { tokenizer_of(llama_like(), std::move(settings)); });
  };
  const std::string rule = "; its text must not be empty, and its id from 0 to 3,999,999";
  EXPECT_EQ(said({.tokens = {{4'000'000, "x"}}}), "x.model: has an added token `x` of id 4000000" + rule);
  EXPECT_EQ(said({.tokens = {{-1, "x"}}}), "x.model: has an added token `x` of id -1" + rule);
  EXPECT_EQ(said({.tokens = {{3, ""}}}), "x.model: has an added token `` of id 3" + rule);
  EXPECT_EQ(said({.eos_ids = {264}}), "x.model: names token 264, which is outside its vocabulary of 264 tokens");
  SentencePieceModel endless = model_of({{"a", -1}});
  endless.pieces[2].text = "</end>";
  EXPECT_EQ(message_of([&] { tokenizer_of(endless); }),
            "x.model: has no token that ends a text; name one as eos_token in tokenizer_config.json");
}

std::filesystem::path test_folder(const std::string& name) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("aha_sentencepiece_" + name);
  std::filesystem::remove_all(folder);
  return folder;
}

TEST(SentencePieceFolder, IsReadWithWhatItsConfigAdds) {
  const auto folder = test_folder("read");
  const std::string model = sentencepiece_model_bytes(llama_like());
  const std::string config = R"({"tokenizer_class": "LlamaTokenizer", "eos_token": {"content": "<end>"},
    "added_tokens_decoder": {"264": {"content": "<end>", "special": true}, "265": {"content": "<x>"}}})";
  write_file_atomic(folder / "tokenizer.model", model);
  write_file_atomic(folder / "tokenizer_config.json", config);
  write_file_atomic(folder / "generation_config.json", R"({"eos_token_id": [2, 264]})");
  const auto tokenizer = load_sentencepiece(folder, nullptr);
  EXPECT_EQ(tokenizer->encode("a<end><x>b"), (Ids{kMarkA, 264, 265, kB}));
  EXPECT_EQ(tokenizer->decode({kMarkA, 264, 265}, true), "a<x>");
  EXPECT_EQ(tokenizer->eos_ids(), (Ids{264, 2}));
  EXPECT_EQ(tokenizer->prefix_ids(), Ids{1});
  EXPECT_EQ(tokenizer->suffix_ids(), Ids{});
  EXPECT_EQ(tokenizer->chat_template(), nullptr);

  const auto saved = test_folder("saved");
  tokenizer->save(saved);
  EXPECT_EQ(read_file(saved / "tokenizer.model"), model);
  EXPECT_EQ(read_file(saved / "tokenizer_config.json"), config);
  EXPECT_EQ(load_sentencepiece(saved / "tokenizer.model", nullptr)->vocab_size(), 266);

  write_file_atomic(folder / "other.model", model);
  EXPECT_EQ(load_sentencepiece(folder / "other.model", nullptr)->vocab_size(), 264);
}

TEST(SentencePieceFolder, HonoursAddBosTokenAndOlderFiles) {
  const auto folder = test_folder("older");
  write_file_atomic(folder / "tokenizer.model", sentencepiece_model_bytes(llama_like()));
  write_file_atomic(folder / "tokenizer_config.json", R"({"tokenizer_class": "LlamaTokenizer", "add_bos_token": false,
    "add_eos_token": true})");
  write_file_atomic(folder / "added_tokens.json", R"({"<pad>": 264})");
  write_file_atomic(folder / "special_tokens_map.json", R"({"pad_token": "<pad>"})");
  const auto tokenizer = load_sentencepiece(folder, nullptr);
  EXPECT_EQ(tokenizer->prefix_ids(), Ids{});
  EXPECT_EQ(tokenizer->suffix_ids(), Ids{2});
  EXPECT_EQ(tokenizer->pad_id(), 264);
}

TEST(SentencePieceFolder, IsRefusedInOneSentence) {
  const auto folder = test_folder("refused");
  std::filesystem::create_directories(folder);
  EXPECT_EQ(message_of([&] { load_sentencepiece(folder, nullptr); }), folder.string() + ": has no tokenizer.model");
  const std::string model = (folder / "tokenizer.model").string(), config = (folder / "tokenizer_config.json").string();
  write_file_atomic(model, "hello");
  EXPECT_EQ(message_of([&] { load_sentencepiece(folder, nullptr); }),
            model +
                ": has a field of a kind that is not known near byte 3; it is cut off, damaged, or no SentencePiece "
                "model; load it again");
  write_file_atomic(model, sentencepiece_model_bytes(llama_like()));
  const auto said = [&](const std::string& text) {
    write_file_atomic(config, text);
    return message_of([&] { load_sentencepiece(folder, nullptr); });
  };
  const std::string place = config + ": added_tokens_decoder: ";
  EXPECT_EQ(said(R"({"added_tokens_decoder": {"x1": {"content": "a"}}})"),
            place + "names `x1` as an id; ids are whole numbers");
  EXPECT_EQ(said(R"({"added_tokens_decoder": {"1": {"text": "a"}}})"), place + "has a token `1` without its content");
  EXPECT_EQ(said(R"({"added_tokens_decoder": {"1": "a"}})"), place + "has a token `1` without its content");
  EXPECT_EQ(said(R"({"added_tokens_decoder": []})"),
            place + "must be an object of at most 1,000,000 tokens by their ids");
  EXPECT_EQ(
      said(R"({"added_tokens_decoder": {"9000000": {"content": "a"}}})"),
      model + ": has an added token `a` of id 9000000; its text must not be empty, and its id from 0 to 3,999,999");
}

}  // namespace
}  // namespace aha::data::sentencepiece_tokenizer_test
