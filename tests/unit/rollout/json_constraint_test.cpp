// Random tokens that the masks allow are always JSON; and the masks allow all JSON.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/random.h"
#include "aha/rollout/constraint.h"
#include "support/letter_tokenizer.h"
#include "support/trained_tokenizer.h"

namespace aha::rollout::json_constraint_test {
namespace {

using Tokenizer = std::shared_ptr<const data::Tokenizer>;

Guide json_guide(const Tokenizer& tokenizer, std::vector<int64_t> banned = {}) {
  SamplingParams params;
  params.guided_json = true;
  params.bad_token_ids = std::move(banned);
  // A model's vocabulary may be larger than the tokenizer's.
  return Guide(params, std::make_shared<Vocabulary>(tokenizer, tokenizer->vocab_size() + 3, tokenizer->eos_ids()));
}

struct Walk {
  std::vector<int32_t> ids;
  bool is_whole;
};

// Random logits, with a liking for what closes, so that most texts end.
Walk walk(Constraint& constraint, const data::Tokenizer& tokenizer, const std::vector<float>& liking, uint64_t seed) {
  Random random(seed, "walk");
  Walk made{{}, false};
  std::vector<uint8_t> allowed(liking.size());
  while (made.ids.size() < 80 && !made.is_whole) {
    constraint.allow(allowed);
    int32_t best = -1;
    float best_logit = -std::numeric_limits<float>::infinity();
    for (int32_t id = 0; id < std::ssize(allowed); ++id) {
      if (!allowed[id]) continue;
      // Exponential times with these rates: a draw of softmax(liking).
      const float logit = liking[id] - static_cast<float>(std::log(-std::log(1 - random.uniform())));
      if (logit > best_logit) best = id;
      best_logit = std::max(best_logit, logit);
    }
    EXPECT_GE(best, 0) << "nothing is allowed behind " << tokenizer.decode(made.ids);
    if (best < 0) break;
    constraint.accept(best);
    made.is_whole = constraint.is_finished();
    const std::vector<int32_t> ends = tokenizer.eos_ids();
    if (std::find(ends.begin(), ends.end(), best) == ends.end()) made.ids.push_back(best);
  }
  return made;
}

std::vector<float> likings(const data::Tokenizer& tokenizer, uint64_t seed) {
  Random random(seed, "liking");
  std::vector<float> liking(tokenizer.vocab_size() + 3);
  for (float& x : liking) x = static_cast<float>(2 * random.normal());
  for (int32_t id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::string text = tokenizer.decode({id});
    if (text.find_first_of("\"}]") != std::string::npos) liking[id] += 4;
    if (text.find_first_of("[{,:") != std::string::npos) liking[id] += 3;
  }
  return liking;
}

void expect_json(const Tokenizer& tokenizer, int num_texts) {
  const Guide guide = json_guide(tokenizer);
  int num_whole = 0, num_deep = 0;
  std::vector<float> liking;
  for (int i = 0; i < num_texts; ++i) {
    if (i % 50 == 0) liking = likings(*tokenizer, static_cast<uint64_t>(i));
    const auto constraint = guide.start();
    const Walk made = walk(*constraint, *tokenizer, liking, static_cast<uint64_t>(i));
    if (!made.is_whole) continue;
    ++num_whole;
    const std::string text = tokenizer->decode(made.ids);
    ASSERT_TRUE(nlohmann::json::accept(text)) << text;
    num_deep += nlohmann::json::parse(text).size() > 1;
  }
  EXPECT_GT(num_whole, num_texts / 2);
  EXPECT_GT(num_deep, num_texts / 200);
}

TEST(GuidedJson, RandomBytesAreJson) { expect_json(data::make_byte_tokenizer(), 10'000); }
TEST(GuidedJson, RandomTokensOfByteLevelBpeAreJson) { expect_json(test::trained_tokenizer("bpe", 350), 10'000); }
TEST(GuidedJson, RandomPiecesAreJson) {
  expect_json(test::trained_tokenizer("unigram", 400), 3000);
  expect_json(test::spaced_tokenizer(), 3000);
}

const char* const kTexts[] = {"{\"name\": \"yes please\", \"items\":[1, -2.5, 3e4]}",
                              "[\"no\",\"yes\"]",
                              "{\n  \"deep\": [[{}]]\n}",
                              "[{\"größe\": null}, true, false, \"\\u00e9 \\\"q\\\" \\ud83d\\ude00 😀\"]",
                              "\"值: } ] , \\\\\"",
                              "-12.5e+3",
                              "[  ]",
                              "{\"\": {\"\": {\"\": []}}}"};

// Ids of a text that is encoded in two parts: cuts that the tokenizer itself would not make. A space alone that writes
// nothing at the beginning is left out.
std::vector<int32_t> ids_of(const data::Tokenizer& tokenizer, const std::string& text, size_t cut = 0) {
  std::vector<int32_t> ids;
  for (const std::string& part : {text.substr(0, cut), text.substr(cut)}) {
    const std::vector<int32_t> encoded = tokenizer.encode(part);
    ids.insert(ids.end(), encoded.begin(), encoded.end());
  }
  if (tokenizer.decode({ids[0]}).empty()) ids.erase(ids.begin());
  return ids;
}

void expect_allowed(const Tokenizer& tokenizer) {
  const Guide guide = json_guide(tokenizer);
  std::vector<uint8_t> allowed(tokenizer->vocab_size() + 3);
  int num_checked = 0;
  for (const std::string text : kTexts) {
    for (size_t cut = 0; cut <= text.size(); ++cut) {
      const std::vector<int32_t> ids = ids_of(*tokenizer, text, cut);
      if (tokenizer->decode(ids) != text) continue;  // the second part got a space of its own
      ++num_checked;
      const auto constraint = guide.start();
      for (const int32_t id : ids) {
        ASSERT_FALSE(constraint->is_finished());
        constraint->allow(allowed);
        ASSERT_TRUE(allowed[id]) << text << ": " << tokenizer->decode({id});
        constraint->accept(id);
      }
      constraint->allow(allowed);
      EXPECT_EQ(constraint->is_finished(), text != "-12.5e+3") << text;
      EXPECT_TRUE(allowed[tokenizer->eos_ids()[0]]);
    }
  }
  EXPECT_GE(num_checked, 7);
}

TEST(GuidedJson, AllowsJsonInAnyTokens) {
  expect_allowed(data::make_byte_tokenizer());
  expect_allowed(test::trained_tokenizer("bpe", 350));
  expect_allowed(test::trained_tokenizer("unigram", 400));
  expect_allowed(test::spaced_tokenizer());
}

// The mask says of every token just what reading its bytes says.
TEST(GuidedJson, TheMaskIsThatOfEachTokenByItself) {
  for (const Tokenizer& tokenizer : {test::trained_tokenizer("bpe", 350), test::spaced_tokenizer()}) {
    const Guide guide = json_guide(tokenizer);
    std::vector<uint8_t> allowed(tokenizer->vocab_size() + 3);
    for (const std::string text : kTexts) {
      const std::vector<int32_t> ids = ids_of(*tokenizer, text);
      for (size_t length = 0; length < ids.size(); ++length) {
        const auto begun = [&] {
          auto constraint = guide.start();
          for (size_t i = 0; i < length; ++i) constraint->accept(ids[i]);
          return constraint;
        };
        begun()->allow(allowed);
        for (int32_t id = 0; id < std::ssize(allowed); ++id) {
          const auto constraint = begun();
          if (allowed[id]) {
            EXPECT_NO_THROW(constraint->accept(id));
          } else {
            EXPECT_THROW(constraint->accept(id), InputError);
          }
        }
      }
    }
  }
}

TEST(GuidedJson, SpecialTokensAreNeverAllowed) {
  const Tokenizer bytes = data::make_byte_tokenizer();
  const auto constraint = json_guide(bytes).start();
  std::vector<uint8_t> allowed(bytes->vocab_size() + 3);
  constraint->accept('"');
  constraint->allow(allowed);
  for (size_t id = 256; id < allowed.size(); ++id) EXPECT_FALSE(allowed[id]) << id;
  EXPECT_THROW(constraint->accept(bytes->encode("<think>")[0]), InputError);
  EXPECT_THROW(constraint->accept(-1), InputError);
  EXPECT_THROW(constraint->accept(1000), InputError);
}

TEST(GuidedJson, AnEndTokenEndsANumber) {
  const Tokenizer bytes = data::make_byte_tokenizer();
  const int32_t eos = bytes->eos_ids()[0];
  const auto constraint = json_guide(bytes).start();
  EXPECT_THROW(constraint->accept(eos), InputError);
  constraint->accept('1');
  EXPECT_FALSE(constraint->is_finished());
  constraint->accept(eos);
  EXPECT_TRUE(constraint->is_finished());
}

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(GuidedJson, RefusesVocabulariesThatCannotSpellIt) {
  const Tokenizer bytes = data::make_byte_tokenizer();
  EXPECT_EQ(message_of([] { json_guide(std::make_shared<test::LetterTokenizer>(26, 25)); }),
            "guided_json: needs a token for `{` alone that may be drawn");
  EXPECT_EQ(message_of([&] {
              json_guide(bytes, {'a', ':'});
            }),
            "guided_json: needs a token for `:` alone that may be drawn");
  EXPECT_EQ(message_of([&] { json_guide(bytes, {bytes->eos_ids()[0]}); }),
            "guided_json: needs an end token that may be drawn, for numbers");
  EXPECT_EQ(message_of([&] { json_guide(bytes, {'x'}); }), "nothing was thrown");
  SamplingParams params;
  params.guided_json = true;
  EXPECT_EQ(message_of([&] { Guide(params, std::make_shared<Vocabulary>(nullptr, 320, std::vector<int32_t>{1})); }),
            "guided_json: needs a tokenizer; this model folder has none");
  params.guided_choice = {"a"};
  EXPECT_EQ(message_of([&] { Guide(params, std::make_shared<Vocabulary>(bytes, 320, bytes->eos_ids())); }),
            "guided_json: and guided_choice exclude each other; set one of them");
}

TEST(Guide, LeavesCompletionsFreeWhereNothingIsAsked) {
  EXPECT_EQ(Guide({}, std::make_shared<Vocabulary>(nullptr, 320, std::vector<int32_t>{})).start(), nullptr);
}

}  // namespace
}  // namespace aha::rollout::json_constraint_test
