// Small tokenizers from their files: ids by hand, places, decoding, and what the other files of a folder say.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "aha/core/file.h"
#include "aha/core/random.h"
#include "aha/data/tokenizer.h"
#include "data/bpe/byte_alphabet.h"
#include "data/bpe/characters.h"
#include "unit/data/bpe/message_of.h"

namespace aha::data::bpe::bpe_tokenizer_test {
namespace {

using nlohmann::json;
using Ids = std::vector<int32_t>;

std::filesystem::path fresh_folder(const std::string& name) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("aha_bpe_" + name);
  std::filesystem::remove_all(folder);
  return folder;
}

// 256 bytes, then merges "l l" and "h e", added tokens <e> (special) and <t>.
json byte_level_file() {
  json vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    std::string token;
    append_utf8(token, character_of_byte(static_cast<unsigned char>(byte)));
    vocabulary[token] = byte;
  }
  vocabulary["ll"] = 256;
  vocabulary["he"] = 257;
  return {
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"l l", "h e"}}}},
      {"added_tokens",
       {{{"id", 258}, {"content", "<e>"}, {"special", true}}, {{"id", 259}, {"content", "<t>"}, {"special", false}}}},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
      {"decoder", {{"type", "ByteLevel"}}}};
}

std::shared_ptr<const Tokenizer> tokenizer_of(const std::string& name, const json& file) {
  const auto folder = fresh_folder(name);
  write_file_atomic(folder / "tokenizer.json", file.dump());
  return load_tokenizer(folder);
}

TEST(BpeTokenizer, EncodesByHand) {
  const auto tokenizer = tokenizer_of("hand", byte_level_file());
  EXPECT_EQ(tokenizer->encode("hello<e> hell"), (Ids{257, 256, 'o', 258, ' ', 257, 256}));
  EXPECT_EQ(tokenizer->encode("é"), (Ids{0xC3, 0xA9}));
  EXPECT_EQ(tokenizer->encode(""), Ids{});
  EXPECT_EQ(tokenizer->vocab_size(), 260);
  EXPECT_EQ(tokenizer->kind(), "bpe");
  EXPECT_EQ(tokenizer->bos_id(), -1);
  EXPECT_EQ(tokenizer->eos_ids(), Ids{});
  EXPECT_EQ(tokenizer->chat_template(), nullptr);
}

TEST(BpeTokenizer, SaysWhereTokensBegin) {
  const auto tokenizer = tokenizer_of("offsets", byte_level_file());
  const EncodedText encoded = tokenizer->encode_with_offsets("hello<e>\xFFé");
  EXPECT_EQ(encoded.token_ids, (Ids{257, 256, 'o', 258, 0xFF, 0xC3, 0xA9}));
  EXPECT_EQ(encoded.begins, (std::vector<int64_t>{0, 2, 4, 5, 8, 9, 10}));
}

TEST(BpeTokenizer, SaysWhereTokensBeginInTheTextBeforeItWasNormalized) {
  json file = byte_level_file();
  file["normalizer"] = {{"type", "NFC"}};
  const auto tokenizer = tokenizer_of("normalized_offsets", file);
  const EncodedText encoded = tokenizer->encode_with_offsets("ae\u0301b<e>e\u0301");
  EXPECT_EQ(encoded.token_ids, (Ids{'a', 0xC3, 0xA9, 'b', 258, 0xC3, 0xA9}));
  EXPECT_EQ(encoded.begins, (std::vector<int64_t>{0, 1, 1, 4, 5, 8, 8}));
}

TEST(BpeTokenizer, DecodesWhatItEncodes) {
  const auto tokenizer = tokenizer_of("round", byte_level_file());
  Random random(1, "test");
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (uint64_t length = random.below(50); text.size() < length;) {
      text += random.chance(0.2) ? "hell<t>" : std::string(1, static_cast<char>(random.below(256)));
    }
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
    EXPECT_EQ(tokenizer->encode_with_offsets(text).token_ids, tokenizer->encode(text));
  }
  EXPECT_EQ(tokenizer->decode({257, 258, 259, 256}, /*skip_special=*/true), "he<t>ll");
  EXPECT_EQ(tokenizer->decode({257, 258, 259, 256}), "he<e><t>ll");
  EXPECT_EQ(message_of([&] { tokenizer->decode({260}); }), "token id 260: is outside the vocabulary of 260 tokens");
  EXPECT_EQ(message_of([&] { tokenizer->decode({-1}); }), "token id -1: is outside the vocabulary of 260 tokens");
}

// Llama 2's way: no pieces, spaces as marks, unknown characters as bytes.
TEST(BpeTokenizer, ReadsCharactersWithByteFallback) {
  const json file = json::parse(R"({
    "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
              "vocab": {"<unk>": 0, "<0xC3>": 1, "<0xA9>": 2, "▁": 3, "a": 4, "b": 5, "▁a": 6, "ab": 7},
              "merges": ["▁ a", "a b"]},
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
                   {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
    "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}})");
  const auto tokenizer = tokenizer_of("llama2", file);
  EXPECT_EQ(tokenizer->encode("ab ab"), (Ids{6, 5, 6, 5}));
  EXPECT_EQ(tokenizer->encode("é?!"), (Ids{3, 1, 2, 0}));
  EXPECT_EQ(tokenizer->encode_with_offsets("b a").begins, (std::vector<int64_t>{0, 0, 1}));
  EXPECT_EQ(tokenizer->decode({6, 5, 6, 5}), "ab ab");
  EXPECT_EQ(tokenizer->decode({3, 1, 2}), "é");
  EXPECT_EQ(tokenizer->decode({3, 1}), "\xC3");
}

TEST(BpeTokenizer, FindsNormalizedTokensInTheNormalizedText) {
  json file = byte_level_file();
  file["normalizer"] = {{"type", "Lowercase"}};
  file["added_tokens"] = {{{"id", 258}, {"content", "ABC"}, {"normalized", true}},
                          {{"id", 259}, {"content", "XYZ"}, {"normalized", false}}};
  const auto tokenizer = tokenizer_of("lowercase", file);
  EXPECT_EQ(tokenizer->encode("aBcXYZxyz"), (Ids{258, 259, 'x', 'y', 'z'}));
}

TEST(BpeTokenizer, MayBeUsedByManyThreads) {
  const auto tokenizer = tokenizer_of("threads", byte_level_file());
  const std::string text = "hello, hell 123 <e> the shell";
  const Ids expected = tokenizer->encode(text);
  std::vector<std::thread> threads;
  std::vector<int> equal(4, 0);
  for (int& count : equal) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) count += tokenizer->encode(text) == expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, std::vector<int>(4, 200));
}

TEST(BpeFolder, NamesBeginningsAndEnds) {
  const auto folder = fresh_folder("named");
  write_file_atomic(folder / "tokenizer.json", byte_level_file().dump());
  write_file_atomic(folder / "tokenizer_config.json",
                    R"({"bos_token": {"content": "<t>"}, "eos_token": "<e>", "add_bos_token": true})");
  write_file_atomic(folder / "special_tokens_map.json", R"({"pad_token": {"content": "he"}, "eos_token": "<t>"})");
  write_file_atomic(folder / "generation_config.json", R"({"eos_token_id": [258, 65, 9999]})");
  const auto tokenizer = load_tokenizer(folder);
  EXPECT_EQ(tokenizer->bos_id(), 259);
  EXPECT_EQ(tokenizer->pad_id(), 257);
  EXPECT_EQ(tokenizer->eos_ids(), (Ids{258, 65}));
  EXPECT_EQ(tokenizer->prefix_ids(), Ids{259});
  EXPECT_EQ(tokenizer->suffix_ids(), Ids{});
  EXPECT_EQ(tokenizer->encode_prompt("a"), (Ids{259, 'a'}));
  // The file itself serves as well, with its neighbours; under another name it stands alone.
  EXPECT_EQ(load_tokenizer(folder / "tokenizer.json")->bos_id(), 259);
  std::filesystem::copy(folder / "tokenizer.json", folder / "other.json");
  EXPECT_EQ(load_tokenizer(folder / "other.json")->bos_id(), -1);
}

TEST(BpeFolder, IsSavedByteForByte) {
  const auto folder = fresh_folder("saved"), copy = fresh_folder("saved_copy");
  const std::string text = byte_level_file().dump(3) + "\n\n";
  const std::string config = "{ \"eos_token\":\"<e>\",  \"unknown\": [1, 2] }";
  write_file_atomic(folder / "tokenizer.json", text);
  write_file_atomic(folder / "tokenizer_config.json", config);
  write_file_atomic(folder / "chat_template.jinja", "{{ x }}");
  write_file_atomic(folder / "model.safetensors", "not a tokenizer's");
  load_tokenizer(folder)->save(copy);
  EXPECT_EQ(read_file(copy / "tokenizer.json"), text);
  EXPECT_EQ(read_file(copy / "tokenizer_config.json"), config);
  EXPECT_EQ(read_file(copy / "chat_template.jinja"), "{{ x }}");
  EXPECT_FALSE(std::filesystem::exists(copy / "model.safetensors"));
}

TEST(BpeFolder, OfAnUnknownChatTemplateSaysHowToGiveOne) {
  const auto folder = fresh_folder("chat");
  write_file_atomic(folder / "tokenizer.json", byte_level_file().dump());
  write_file_atomic(
      folder / "tokenizer_config.json",
      R"({"chat_template": [{"name": "tool_use", "template": "x"}, {"name": "default", "template": "{{ y }}"}]})");
  const auto tokenizer = load_tokenizer(folder);
  const std::string sentence = message_of([&] { tokenizer->chat_template(); });
  EXPECT_NE(sentence.find("none of the known ones"), std::string::npos) << sentence;
  EXPECT_NE(sentence.find("tokenizer: {chat_template: custom"), std::string::npos) << sentence;
  const auto custom = make_chat_template({.user = "[{content}]", .assistant = "({content})"});
  EXPECT_EQ(load_tokenizer(folder, custom)->render_chat({{"user", "a"}}, false).text, "[a]");
  EXPECT_EQ(make_tokenizer({.kind = "huggingface", .path = folder.string(), .chat_template = "chatml"})
                ->chat_template()
                ->name(),
            "chatml");
}

TEST(BpeFolder, OfBrokenSmallFilesIsRefused) {
  const auto folder = fresh_folder("broken");
  write_file_atomic(folder / "tokenizer.json", byte_level_file().dump());
  const std::pair<std::string, std::string> cases[] = {
      {R"({"eos_token": 7})", ": eos_token: must be a token's text, or an object with its content"},
      {"[]", ": must be a JSON object"},
      {R"({"chat_template": 3})", ": chat_template: must be a text, or a list of named templates"},
      {R"({"chat_template": [{"name": "rag", "template": "x"}]})", ": chat_template: has no template named `default`"}};
  for (const auto& [text, sentence] : cases) {
    write_file_atomic(folder / "tokenizer_config.json", text);
    EXPECT_EQ(message_of([&] { load_tokenizer(folder); }), (folder / "tokenizer_config.json").string() + sentence);
  }
}

}  // namespace
}  // namespace aha::data::bpe::bpe_tokenizer_test
