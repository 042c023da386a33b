// The byte tokenizer: ids by hand, every byte there and back, chats, and its files.
#include "aha/data/tokenizer.h"

#include <gtest/gtest.h>

#include <fstream>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/random.h"

namespace aha::data::tokenizer_test {
namespace {

using Ids = std::vector<int32_t>;

std::filesystem::path test_folder(const std::string& name) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("aha_tokenizer_" + name);
  std::filesystem::remove_all(folder);
  return folder;
}

template <class Error>
std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(ByteTokenizer, EncodesBytesAndSpecialTokens) {
  const auto tokenizer = make_byte_tokenizer();
  EXPECT_EQ(tokenizer->encode("a+1\n"), (Ids{97, 43, 49, 10}));
  EXPECT_EQ(tokenizer->encode("得7"), (Ids{0xE5, 0xBE, 0x97, 55}));
  EXPECT_EQ(tokenizer->encode("<pad><bos><eos>"), (Ids{256, 257, 258}));
  EXPECT_EQ(tokenizer->encode("<think></think><answer>7</answer>"), (Ids{259, 260, 261, 55, 262}));
  EXPECT_EQ(tokenizer->encode("<|system|><|user|><|assistant|>"), (Ids{263, 264, 265}));
  EXPECT_EQ(tokenizer->encode("<|reserved_0|><|reserved_1|><|reserved_10|><|reserved_53|>"), (Ids{266, 267, 276, 319}));
  EXPECT_EQ(tokenizer->encode("<<think><thin"), (Ids{60, 259, 60, 116, 104, 105, 110}));
  EXPECT_EQ(tokenizer->encode("<|reserved_54|>").size(), 15u);
  EXPECT_EQ(tokenizer->encode(""), Ids{});
}

TEST(ByteTokenizer, DecodesWhatItEncodes) {
  const auto tokenizer = make_byte_tokenizer();
  Random random(1, "test");
  for (int i = 0; i < 200; ++i) {
    std::string text;
    for (uint64_t length = random.below(60); text.size() < length;) {
      text += random.chance(0.1) ? "</think>" : std::string(1, static_cast<char>(random.below(256)));
    }
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
  }
  Ids all(320);
  for (int32_t id = 0; id < 320; ++id) all[id] = id;
  EXPECT_EQ(tokenizer->encode(tokenizer->decode(all)), all);
}

TEST(ByteTokenizer, DropsSpecialTokensOnRequestAndRefusesForeignIds) {
  const auto tokenizer = make_byte_tokenizer();
  EXPECT_EQ(tokenizer->decode({259, 65, 260, 266, 258}, /*skip_special=*/true), "A");
  EXPECT_EQ(tokenizer->decode({259, 65, 260, 266, 258}), "<think>A</think><|reserved_0|><eos>");
  EXPECT_EQ(message_of<InputError>([&] { tokenizer->decode({320}); }),
            "token id 320: is outside the vocabulary of 320 tokens");
  EXPECT_THROW(tokenizer->decode({-1}), InputError);
}

TEST(ByteTokenizer, NamesItsTokens) {
  const auto tokenizer = make_byte_tokenizer();
  EXPECT_EQ(tokenizer->vocab_size(), 320);
  EXPECT_EQ(tokenizer->pad_id(), 256);
  EXPECT_EQ(tokenizer->bos_id(), 257);
  EXPECT_EQ(tokenizer->eos_ids(), Ids{258});
}

TEST(ByteTokenizer, RendersAChatWithTheAssistantsTokensMarked) {
  const auto tokenizer = make_byte_tokenizer();
  const RenderedChat chat = tokenizer->render_chat(
      {{"system", "s"}, {"user", "1+1"}, {"assistant", "2<"}, {"user", "ok"}}, /*add_generation_prompt=*/true);
  EXPECT_EQ(chat.text, "<|system|>s<|user|>1+1<|assistant|>2<<eos><|user|>ok<|assistant|>");
  EXPECT_EQ(chat.token_ids, (Ids{263, 115, 264, 49, 43, 49, 265, 50, 60, 258, 264, 111, 107, 265}));
  EXPECT_EQ(chat.assistant_mask, (Ids{0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(chat.token_ids, tokenizer->encode(chat.text));
  EXPECT_EQ(message_of<InputError>([&] {
              tokenizer->render_chat({{"tool", "x"}}, false);
            }),
            "messages: role `tool` is not known; use system, user or assistant");
}

TEST(TokenizerFolder, IsReadBack) {
  const auto folder = test_folder("round_trip");
  make_byte_tokenizer()->save(folder);
  for (const char* name : {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}) {
    EXPECT_TRUE(std::filesystem::is_regular_file(folder / name)) << name;
  }
  EXPECT_EQ(load_tokenizer(folder)->vocab_size(), 320);
  EXPECT_EQ(make_tokenizer({"huggingface", folder.string()})->vocab_size(), 320);
}

// Replaces one spot of a saved tokenizer.json.
void edit(const std::filesystem::path& path, const std::string& from, const std::string& to) {
  std::string text = read_file(path);
  const size_t place = text.find(from);
  ASSERT_NE(place, std::string::npos) << from;
  write_file_atomic(path, text.replace(place, from.size(), to));
}

TEST(TokenizerFolder, IsReadAfterTransformersSavedItAgain) {
  const auto folder = test_folder("saved_again");
  make_byte_tokenizer()->save(folder);
  edit(folder / "tokenizer.json", "\"post_processor\": null",
       R"("post_processor": {"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 0}}],
          "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
          "special_tokens": {}})");
  EXPECT_EQ(load_tokenizer(folder)->vocab_size(), 320);
  edit(folder / "tokenizer.json", "\"special_tokens\": {}", R"("special_tokens": {"<bos>": {}})");
  EXPECT_THROW(load_tokenizer(folder), InputError);
}

TEST(TokenizerFolder, ThatIsBrokenIsRefused) {
  const auto folder = test_folder("refused");
  EXPECT_EQ(message_of<InputError>([&] { load_tokenizer(folder); }),
            folder.string() + ": has neither tokenizer.json nor tokenizer.model; name a folder with one");
  make_byte_tokenizer()->save(folder);
  const std::string good = read_file(folder / "tokenizer.json");
  const std::tuple<std::string, std::string, std::string> edits[] = {
      {"\"id\": 259", "\"id\": 260", "added_tokens.4.id: is 260 for `</think>`, but that is the id of `<think>`"},
      {"\"BPE\"", "\"WordPiece\"",
       "model.type: is `WordPiece`; only BPE is read from a tokenizer.json, and SentencePiece's unigram models from a "
       "tokenizer.model"},
      {"\"merges\": []", "\"merges\": [1]", "model.merges.0: must be two tokens, as \"a b\" or [\"a\", \"b\"]"},
      {"\"a\": 97", "\"a\": 98", "model.vocab: gives id 98 to both `a` and `b`"}};
  for (const auto& [from, to, sentence] : edits) {
    write_file_atomic(folder / "tokenizer.json", good);
    edit(folder / "tokenizer.json", from, to);
    EXPECT_EQ(message_of<InputError>([&] { load_tokenizer(folder); }),
              (folder / "tokenizer.json").string() + ": " + sentence);
  }
  write_file_atomic(folder / "tokenizer.json", "[1]");
  EXPECT_EQ(message_of<InputError>([&] { load_tokenizer(folder); }),
            (folder / "tokenizer.json").string() + ": is a JSON array, not an object");
}

TEST(TokenizerFolder, LikeTheByteTokenizersButForOneRuleIsReadByThatRule) {
  const auto folder = test_folder("other_rule");
  make_byte_tokenizer()->save(folder);
  const std::string good = read_file(folder / "tokenizer.json");
  const auto read_with = [&](const std::string& from, const std::string& to) {
    write_file_atomic(folder / "tokenizer.json", good);
    edit(folder / "tokenizer.json", from, to);
    return load_tokenizer(folder);
  };
  const auto renamed = read_with("\"<think>\"", "\"<thing>\"");
  EXPECT_EQ(renamed->kind(), "bpe");
  EXPECT_EQ(renamed->encode("<thing>a"), (Ids{259, 97}));
  EXPECT_EQ(renamed->vocab_size(), 320);
  EXPECT_EQ(renamed->eos_ids(), Ids{258});
  const auto composed = read_with("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}");
  EXPECT_EQ(composed->encode("e\xCC\x81"), (Ids{0xC3, 0xA9}));
}

TEST(TokenizerConfig, NamesWhatIsMissing) {
  EXPECT_EQ(make_tokenizer({})->vocab_size(), 320);
  EXPECT_EQ(message_of<ConfigError>([] {
              make_tokenizer({"sentencepiece", "x"});
            }),
            "tokenizer.path: there is no `x`; name a tokenizer folder");
  EXPECT_EQ(message_of<ConfigError>([] {
              make_tokenizer({"huggingface", "no/such"});
            }),
            "tokenizer.path: there is no `no/such`; name a tokenizer folder");
}

}  // namespace
}  // namespace aha::data::tokenizer_test
