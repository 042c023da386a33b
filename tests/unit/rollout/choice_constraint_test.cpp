// All ways to spell choices, counted, and what cannot be asked.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "aha/core/error.h"
#include "aha/rollout/constraint.h"
#include "support/letter_tokenizer.h"
#include "support/trained_tokenizer.h"

namespace aha::rollout::choice_constraint_test {
namespace {

using Tokenizer = std::shared_ptr<const data::Tokenizer>;
using Strings = std::vector<std::string>;

Guide choice_guide(const Tokenizer& tokenizer, const Strings& choices, std::vector<int64_t> banned = {}) {
  SamplingParams params;
  params.guided_choice = choices;
  params.bad_token_ids = std::move(banned);
  return Guide(params, std::make_shared<Vocabulary>(tokenizer, tokenizer->vocab_size(), tokenizer->eos_ids()));
}

/// Follows every allowed token. Counts, by the text, the ways to get there.
std::map<std::string, int64_t> all_completions(const Tokenizer& tokenizer, const Guide& guide) {
  const int32_t eos = tokenizer->eos_ids()[0];
  std::map<std::string, int64_t> found;
  std::vector<std::vector<int32_t>> open = {{}};
  std::vector<uint8_t> allowed(tokenizer->vocab_size());
  while (!open.empty()) {
    const std::vector<int32_t> ids = open.back();
    open.pop_back();
    const auto constraint = guide.start();
    for (const int32_t id : ids) constraint->accept(id);
    if (constraint->is_finished()) {
      ++found[tokenizer->decode(ids, /*skip_special=*/true)];
      continue;
    }
    constraint->allow(allowed);
    EXPECT_NE(std::count(allowed.begin(), allowed.end(), 1), 0) << tokenizer->decode(ids);
    for (int32_t id = 0; id < std::ssize(allowed); ++id) {
      if (!allowed[id]) continue;
      open.push_back(ids);
      open.back().push_back(id);
      EXPECT_FALSE(id == eos && ids.empty());
    }
  }
  return found;
}

Strings texts_of(const std::map<std::string, int64_t>& found) {
  Strings texts;
  for (const auto& [text, ways] : found) texts.push_back(text);
  return texts;
}

TEST(GuidedChoice, BytesSpellEachChoiceInOneWay) {
  const Tokenizer bytes = data::make_byte_tokenizer();
  const std::map<std::string, int64_t> expected = {{"yes", 1}, {"yes please", 1}, {"no", 1}, {"好", 1}};
  EXPECT_EQ(all_completions(bytes, choice_guide(bytes, {"yes please", "no", "yes", "好"})), expected);
}

TEST(GuidedChoice, AnEndTokenIsAllowedAtTheStartOfAnotherChoiceAlone) {
  const Tokenizer bytes = data::make_byte_tokenizer();
  const int32_t eos = bytes->eos_ids()[0];
  const auto constraint = choice_guide(bytes, {"yes", "yes please"}).start();
  std::vector<uint8_t> allowed(bytes->vocab_size());
  for (const char letter : std::string("yes please")) {
    constraint->allow(allowed);
    EXPECT_EQ(allowed[eos], letter == ' ');
    EXPECT_TRUE(allowed[static_cast<uint8_t>(letter)]);
    EXPECT_FALSE(constraint->is_finished());
    constraint->accept(letter);
  }
  EXPECT_TRUE(constraint->is_finished());
}

TEST(GuidedChoice, TokensOfManyBytesSpellThemInManyWays) {
  // Ways to cut n bytes are 2^(n - 1) where every substring is a token; here those that the training found.
  const Strings choices = {"\"yes\"", "maybe no", "maybe yes", "yes", "yes please"};
  for (const char* kind : {"bpe", "unigram"}) {
    const Tokenizer tokenizer = test::trained_tokenizer(kind, 350);
    const auto found = all_completions(tokenizer, choice_guide(tokenizer, choices));
    EXPECT_EQ(texts_of(found), choices) << kind;
    for (const auto& [text, ways] : found) EXPECT_GT(ways, 1) << kind << " " << text;
    // The tokenizer's own way is one of them.
    for (const std::string& text : choices) {
      const auto constraint = choice_guide(tokenizer, choices).start();
      for (const int32_t id : tokenizer->encode(text)) EXPECT_NO_THROW(constraint->accept(id));
    }
  }
}

TEST(GuidedChoice, ASpaceThatIsDroppedAtTheBeginningIsNoPartOfTheChoice) {
  const Tokenizer spaced = test::spaced_tokenizer();
  // "yes" and " yes" begin with the pieces of either, bytes or letters; the whole text decides.
  const Strings choices = {" yes", "maybe yes", "yes"};
  EXPECT_EQ(texts_of(all_completions(spaced, choice_guide(spaced, choices))), choices);
}

TEST(GuidedChoice, WhatDoesNotGoOnWithAChoiceIsRefused) {
  const Tokenizer bytes = data::make_byte_tokenizer();
  const auto constraint = choice_guide(bytes, {"yes", "yes please"}).start();
  for (const int32_t token : {int32_t{'n'}, bytes->eos_ids()[0], 259, -1, 320}) {
    EXPECT_THROW(constraint->accept(token), InputError) << token;
  }
}

TEST(GuidedChoice, TokensThatLeadNowhereAreNotAllowed) {
  // Without `s`, "yes" needs a token of several letters behind `y`.
  const Tokenizer tokenizer = test::trained_tokenizer("bpe", 350);
  std::vector<int64_t> banned;
  for (int32_t id = 0; id < tokenizer->vocab_size(); ++id) {
    if (tokenizer->decode({id}) == "s") banned.push_back(id);
  }
  ASSERT_EQ(banned.size(), 1);
  const Guide guide = choice_guide(tokenizer, {"yes"}, banned);
  const auto constraint = guide.start();
  constraint->accept(tokenizer->encode("y")[0]);
  std::vector<uint8_t> allowed(tokenizer->vocab_size());
  constraint->allow(allowed);
  for (int32_t id = 0; id < std::ssize(allowed); ++id) {
    EXPECT_EQ(allowed[id] != 0, tokenizer->decode({id}) == "es") << id;
  }
}

TEST(GuidedChoice, RefusesWhatCannotBeChosen) {
  const Tokenizer bytes = data::make_byte_tokenizer();
  const auto letters = std::make_shared<test::LetterTokenizer>(26, 25);
  const auto message = [](const Tokenizer& tokenizer, const Strings& choices, std::vector<int64_t> banned = {}) {
    try {
      choice_guide(tokenizer, choices, std::move(banned));
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("nothing was thrown");
  };
  EXPECT_EQ(message(bytes, {"a", ""}), "guided_choice.1: is empty; write a text");
  EXPECT_EQ(message(bytes, {"b", "c", "b"}), "guided_choice.2: is there twice; write it once");
  EXPECT_EQ(message(letters, {"abc", "a b"}),
            "guided_choice.1: cannot be spelled by the tokens of this vocabulary that may be drawn");
  EXPECT_EQ(message(letters, {"abc", "z"}),  // the end token's letter
            "guided_choice.1: cannot be spelled by the tokens of this vocabulary that may be drawn");
  EXPECT_EQ(message(letters, {"abc"}, {1}),
            "guided_choice.0: cannot be spelled by the tokens of this vocabulary that may be drawn");
  // Only an end token could end the first.
  EXPECT_EQ(message(letters, {"ab", "abc"}, {25}),
            "guided_choice.0: cannot be spelled by the tokens of this vocabulary that may be drawn");
  EXPECT_EQ(message(letters, {"ab", "abc"}), "nothing was thrown");
  EXPECT_EQ(message(bytes, {std::string(200'001, 'a')}),
            "guided_choice: has over 200 kB of text; give fewer or shorter choices");
  EXPECT_EQ(message(bytes, {std::string(100'000, 'a')}), "nothing was thrown");
}

TEST(GuidedChoice, ManyChoicesShareTheirBeginnings) {
  const Tokenizer bytes = data::make_byte_tokenizer();
  Strings choices;
  for (int i = 0; i < 1000; ++i) choices.push_back(std::to_string(i));
  const auto found = all_completions(bytes, choice_guide(bytes, choices));
  std::sort(choices.begin(), choices.end());
  EXPECT_EQ(texts_of(found), choices);
}

}  // namespace
}  // namespace aha::rollout::choice_constraint_test
