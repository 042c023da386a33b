// What a tokenizer.json may hold, and the sentences for what it may not.
#include "data/bpe/tokenizer_file.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/data/bpe/message_of.h"

namespace aha::data::bpe::tokenizer_file_test {
namespace {

using nlohmann::json;

json small_file() {
  return json::parse(R"({
    "added_tokens": [{"id": 3, "content": "<s>", "special": true}],
    "normalizer": null, "pre_tokenizer": null, "decoder": null, "post_processor": null,
    "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}})");
}

std::string refusal(const std::string& patch) {
  json file = small_file();
  file.merge_patch(json::parse(patch));
  return message_of([&] { read_tokenizer_file(file, "tokenizer.json"); });
}

TEST(TokenizerFile, IsReadWithBothFormsOfMerges) {
  json file = small_file();
  for (const json& merges : {json::parse(R"(["a b"])"), json::parse(R"([["a", "b"]])")}) {
    file["model"]["merges"] = merges;
    const TokenizerFile read = read_tokenizer_file(file, "tokenizer.json");
    ASSERT_EQ(read.model.merges.size(), 1u);
    EXPECT_EQ(read.model.merges[0].left, 0);
    EXPECT_EQ(read.model.merges[0].right, 1);
    EXPECT_EQ(read.model.merges[0].result, 2);
    EXPECT_EQ(read.num_ids, 4);
    EXPECT_FALSE(read.added_tokens.at(0).normalized);
  }
}

TEST(TokenizerFile, OfABrokenModelIsRefused) {
  EXPECT_EQ(refusal(R"({"model": null})"), "tokenizer.json: model: is a JSON null, not an object");
  EXPECT_EQ(refusal(R"({"model": {"type": "Unigram"}})"),
            "tokenizer.json: model.type: is `Unigram`; only BPE is read from a tokenizer.json, and SentencePiece's "
            "unigram models from a tokenizer.model");
  EXPECT_EQ(refusal(R"({"model": {"vocab": {"c": 1}}})"),
            "tokenizer.json: model.vocab: gives id 1 to both `b` and `c`");
  EXPECT_EQ(refusal(R"({"model": {"vocab": {"c": -1}}})"),
            "tokenizer.json: model.vocab: gives `c` no id from 0 to 1999999, but -1");
  EXPECT_EQ(refusal(R"({"model": {"vocab": {"c": 2000000}}})"),
            "tokenizer.json: model.vocab: gives `c` no id from 0 to 1999999, but 2000000");
  EXPECT_EQ(refusal(R"({"model": {"vocab": {"": 9}}})"), "tokenizer.json: model.vocab: has an empty token");
  EXPECT_EQ(refusal(R"({"model": {"vocab": []}})"),
            "tokenizer.json: model.vocab: must be an object of tokens and their ids");
  EXPECT_EQ(refusal(R"({"model": {"merges": ["a x"]}})"),
            "tokenizer.json: model.merges.0: needs `x`, which the vocabulary lacks");
  EXPECT_EQ(refusal(R"({"model": {"merges": ["a b", "b a"]}})"),
            "tokenizer.json: model.merges.1: needs `ba`, which the vocabulary lacks");
  EXPECT_EQ(refusal(R"({"model": {"merges": ["a  b"]}})"),
            "tokenizer.json: model.merges.0: must be two tokens, as \"a b\" or [\"a\", \"b\"]");
  // A merge with nothing would make a token from itself: that is how merges could run in circles.
  EXPECT_EQ(refusal(R"({"model": {"merges": [["", "a"]]}})"),
            "tokenizer.json: model.merges.0: needs ``, which the vocabulary lacks");
  EXPECT_EQ(refusal(R"({"model": {"unk_token": "?"}})"),
            "tokenizer.json: model.unk_token: is `?`, which the vocabulary lacks");
  EXPECT_EQ(refusal(R"({"model": {"end_of_word_suffix": "</w>"}})"),
            "tokenizer.json: model.end_of_word_suffix: is not supported; it must be empty");
  EXPECT_EQ(refusal(R"({"model": {"dropout": 0.1}})"),
            "tokenizer.json: model.dropout: makes ids random, which is not supported");
  EXPECT_EQ(refusal(R"({"model": {"byte_fallback": 1}})"),
            "tokenizer.json: model.byte_fallback: must be true or false");
}

TEST(TokenizerFile, WithATokenOverItsLimitIsRefused) {
  json file = small_file();
  file["model"]["vocab"][std::string(64'001, 'x')] = 9;
  const std::string sentence = message_of([&] { read_tokenizer_file(file, "t.json"); });
  EXPECT_EQ(sentence.substr(0, 55), "t.json: model.vocab: has a token of over 64 kB, `xxxxxx");
  EXPECT_LT(sentence.size(), 300u);
}

TEST(TokenizerFile, OfBrokenAddedTokensIsRefused) {
  EXPECT_EQ(refusal(R"({"added_tokens": [{"id": 3, "content": ""}]})"),
            "tokenizer.json: added_tokens.0.content: is empty");
  EXPECT_EQ(refusal(R"({"added_tokens": [{"id": 1, "content": "x"}]})"),
            "tokenizer.json: added_tokens.0.id: is 1 for `x`, but that is the id of `b`");
  EXPECT_EQ(refusal(R"({"added_tokens": [{"id": 5, "content": "a"}]})"),
            "tokenizer.json: added_tokens.0.id: is 5, but `a` has id 0 already");
  EXPECT_EQ(refusal(R"({"added_tokens": [{"id": 5, "content": "x"}, {"id": 5, "content": "y"}]})"),
            "tokenizer.json: added_tokens.1.id: is 5 for `y`, but that is the id of `x`");
  EXPECT_EQ(refusal(R"({"added_tokens": [{"id": 2000000, "content": "x"}]})"),
            "tokenizer.json: added_tokens.0.id: must be a whole number from 0 to 1999999");
  EXPECT_EQ(refusal(R"({"added_tokens": [{"id": 5, "content": ")" + std::string(1001, 'x') + R"("}]})"),
            "tokenizer.json: added_tokens.0.content: is over 1 kB long");
  EXPECT_EQ(refusal(R"({"added_tokens": [7]})"), "tokenizer.json: added_tokens.0: is a JSON number, not an object");
}

TEST(TokenizerFile, OfStepsThatAreNotSupportedIsRefused) {
  EXPECT_EQ(refusal(R"({"normalizer": {"type": "Nmt"}})"),
            "tokenizer.json: normalizer: is of type `Nmt`, which is not supported; supported are NFC, NFD, NFKC, NFKD, "
            "Lowercase, Strip, Prepend, Replace and Sequence");
  EXPECT_EQ(refusal(R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Bert"}]}})"),
            "tokenizer.json: pre_tokenizer.pretokenizers.0: is of type `Bert`, which is not supported; supported are "
            "Split, ByteLevel, Digits, Punctuation, Whitespace, WhitespaceSplit, Metaspace and Sequence");
  EXPECT_EQ(refusal(R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Cut"}})"),
            "tokenizer.json: pre_tokenizer.behavior: is `Cut`; it must be Isolated, Removed, MergedWithPrevious, "
            "MergedWithNext or Contiguous");
  EXPECT_EQ(refusal(R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "("}, "behavior": "Removed"}})"),
            "tokenizer.json: pre_tokenizer.pattern: the regular expression `(` is not valid: missing closing "
            "parenthesis");
  EXPECT_EQ(refusal(R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"},
                        {"type": "ByteLevel"}]}})"),
            "tokenizer.json: pre_tokenizer: has more than one ByteLevel");
  EXPECT_EQ(refusal(R"({"decoder": {"type": "CTC"}})"),
            "tokenizer.json: decoder: is of type `CTC`, which is not supported; supported are ByteLevel, ByteFallback, "
            "Fuse, Replace, Strip, Metaspace and Sequence");
  EXPECT_EQ(refusal(R"({"normalizer": {"type": "Replace", "pattern": {"String": ""}, "content": "x"}})"),
            "tokenizer.json: normalizer.pattern: is empty");
}

TEST(TokenizerFile, OfTooManyStepsIsRefused) {
  std::string steps = R"({"type": "NFC"})";
  for (int i = 0; i < 6; ++i) steps = R"({"type": "Sequence", "normalizers": [)" + steps + "," + steps + "]}";
  EXPECT_EQ(refusal(R"({"normalizer": )" + steps + "}"), "tokenizer.json: normalizer: has over 32 steps");
}

TEST(TokenizerFile, OfABrokenTemplateIsRefused) {
  const std::string text = R"({"Sequence": {"id": "A", "type_id": 0}})";
  const auto with = [&](const std::string& single, const std::string& tokens) {
    return refusal(R"({"post_processor": {"type": "TemplateProcessing", "single": )" + single +
                   R"(, "special_tokens": )" + tokens + "}}");
  };
  const std::string start = R"({"SpecialToken": {"id": "<s>", "type_id": 0}})";
  EXPECT_EQ(with("[" + start + "," + text + "]", "{}"),
            "tokenizer.json: post_processor.single.0.SpecialToken.id: names no token of special_tokens");
  EXPECT_EQ(with("[" + start + "," + text + "]", R"({"<s>": {"ids": [4]}})"),
            "tokenizer.json: post_processor.special_tokens.<s>.ids: has an id outside the vocabulary of 4");
  EXPECT_EQ(with("[]", "{}"), "tokenizer.json: post_processor.single: has no place for the text");
  EXPECT_EQ(with("[" + text + "," + text + "]", "{}"),
            "tokenizer.json: post_processor.single: has the text more than once");
}

TEST(TokenizerFile, GivesWhatItsTemplatePutsAroundAText) {
  json file = small_file();
  file["post_processor"] = json::parse(R"({"type": "Sequence", "processors": [{"type": "ByteLevel"},
    {"type": "TemplateProcessing", "special_tokens": {"<s>": {"ids": [3]}, "end": {"ids": [1, 0]}},
     "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "end"}}]}]})");
  const PostProcessor processor = read_tokenizer_file(file, "tokenizer.json").post_processor;
  EXPECT_EQ(processor.prefix, std::vector<int32_t>{3});
  EXPECT_EQ(processor.suffix, (std::vector<int32_t>{1, 0}));
}

}  // namespace
}  // namespace aha::data::bpe::tokenizer_file_test
