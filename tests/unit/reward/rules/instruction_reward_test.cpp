// Each of IFEval's kinds by responses that follow it and responses that do not.
#include "reward/rules/instruction_reward.h"

#include <gtest/gtest.h>

#include <set>

#include "aha/core/error.h"
#include "reward/rules/instruction_kind.h"

namespace aha::reward::instruction_reward_test {
namespace {

using nlohmann::json;

data::Example asking(const json& ids, const json& kwargs) {
  data::Example example;
  example.columns["instruction_id_list"] = ids;
  example.columns["kwargs"] = kwargs;
  return example;
}

double value(const std::string& response, const std::string& id, const json& kwargs, bool is_loose = false) {
  InstructionOptions options;
  options.loose = is_loose;
  return *InstructionReward(options).score(response, asking({id}, json::array({kwargs}))).value;
}

struct KindCase {
  const char* id;
  json kwargs;
  std::vector<std::string> following, other;
};

const std::vector<KindCase>& cases() {
  static const std::string english = "the quick brown fox jumps over the lazy dog and then it goes back to its home";
  static const std::vector<KindCase> all = {
      {"keywords:existence",
       {{"keywords", {"Oslo", "rain (heavy)"}}},
       {"In OSLO there is rain (heavy).", "osloer rain (heavy)"},
       {"In Oslo.", "rain heavy, oslo"}},
      {"keywords:frequency",
       {{"keyword", "rain"}, {"frequency", 2}, {"relation", "at least"}},
       {"Rain and rain", "rainrain"},
       {"rain", "snow"}},
      {"keywords:frequency",
       {{"keyword", " rain "}, {"frequency", 2.0}, {"relation", "less than"}},
       {"rain", "snow"},
       {"rain rain"}},
      {"keywords:forbidden_words",
       {{"forbidden_words", {"rain", "c++"}}},
       {"rainy brainstorm", "c+"},
       {"Rain.", "no c++ here", "the-rain"}},
      {"keywords:letter_frequency",
       {{"letter", "Z"}, {"let_frequency", 2}, {"let_relation", "at least"}},
       {"zZ"},
       {"z"}},
      {"keywords:letter_frequency",
       {{"letter", "!"}, {"let_frequency", 2}, {"let_relation", "less than"}},
       {"a!"},
       {"a!!"}},
      {"language:response_language",
       {{"language", "de"}},
       {"Das ist ein ganz gewöhnlicher deutscher Satz über das Wetter von heute."},
       {"This is a perfectly ordinary English sentence about the weather of today.", "天气", "42"}},
      {"language:response_language",
       {{"language", "hi"}},
       {"यह आज के मौसम के बारे में एक बिल्कुल साधारण हिंदी वाक्य है।"},
       {"This is a perfectly ordinary English sentence about the weather of today."}},
      {"length_constraints:number_sentences",
       {{"num_sentences", 2}, {"relation", "at least"}},
       {"One. Two.", "One! Two? Three"},
       {"One."}},
      {"length_constraints:number_paragraphs",
       {{"num_paragraphs", 2}},
       {"a\n***\nb", "***\na *** b\n***"},
       {"a", "a\n***\nb\n***\nc", "a\n***\n***\nb", "a******b"}},
      {"length_constraints:number_words", {{"num_words", 3}, {"relation", "at least"}}, {"one two three"}, {"one two"}},
      {"length_constraints:number_words", {{"num_words", 3}, {"relation", "less than"}}, {"one two"}, {"a b c"}},
      {"length_constraints:nth_paragraph_first_word",
       {{"num_paragraphs", 2}, {"nth_paragraph", 2}, {"first_word", "Then"}},
       {"a\n\nThen b", "a\n\n\"then, b", "a\n\n\n\nTHEN b"},
       {"Then\n\nb", "a\n\nthenb", "a\n\nb\n\nthen", "then"}},
      {"detectable_content:number_placeholders",
       {{"num_placeholders", 2}},
       {"[name] and [street 1]"},
       {"[name]", "[] [ ]", "[a\nb] [c]"}},
      {"detectable_content:postscript",
       {{"postscript_marker", "P.S."}},
       {"Bye\nP.S. more", "p. s. more"},
       {"Bye", "ops.", "P.S more", "stop.s."}},
      {"detectable_content:postscript", {{"postscript_marker", "P.P.S"}}, {"P.P.S more", "p.p.s. x"}, {"P.S. more"}},
      {"detectable_format:number_bullet_lists",
       {{"num_bullets", 2}},
       {"* a\n* b", "text\n  - a\n- b\n---\n", "*a\n-b"},
       {"* a", "* a\n* b\n* c", "**a**\n**b**", "a * b\nc - d"}},
      {"detectable_format:constrained_response",
       json::object(),
       {"My answer is yes.", "Well. My answer is maybe. So be it."},
       {"yes", "my answer is yes.", "My answer is yes. My answer is no. My answer is maybe."}},
      {"detectable_format:number_highlighted_sections",
       {{"num_highlights", 2}},
       {"*a* and *b c*", "**a**\n***b***", "* x: *a*\n* y: *b*"},
       {"*a*", "** **", "* a\n* b\n* c", "2 * 3 * 4 * 5", "*a\nb* *c"}},
      {"detectable_format:multiple_sections",
       {{"section_spliter", "SECTION"}, {"num_sections", 2}},
       {"SECTION 1\na\nSECTION 2\nb", "SECTION1 SECTION2"},
       {"SECTION 1\nas SECTION 1 says", "Section 1\nSection 2", "SECTION A\nSECTION B"}},
      {"detectable_format:json_format",
       json::object(),
       {"{\"a\": 1}", "```json\n[1]\n```", "```\n3\n```"},
       {"{a: 1}", "Here: {\"a\": 1}", "```json\n```"}},
      {"detectable_format:title", json::object(), {"<<A poem>>\nx", "x <<a>>"}, {"<a>", "<<>>", "<< >>", "<<a\nb>>"}},
      {"combination:two_responses",
       json::object(),
       {"a\n******\nb", "******a******b******"},
       {"a", "a\n******\na", "a******b******c", "a************b"}},
      {"combination:repeat_prompt",
       {{"prompt_to_repeat", "Write a poem."}},
       {"write a poem. Roses are red", " Write a poem."},
       {"Sure. Write a poem.", "Write a poem"}},
      {"startend:end_checker",
       {{"end_phrase", "Any questions?"}},
       {"a. any questions?", "\"x Any questions?\" "},
       {"Any questions? No.", "Any questions"}},
      {"startend:quotation", json::object(), {"\"a\"", " \"a \"b\" c\"\n"}, {"a", "\"a", "\"", "“a”"}},
      {"change_case:capital_word_frequency",
       {{"capital_frequency", 2}, {"capital_relation", "at least"}},
       {"THE END of it", "I am OK"},
       {"The End", "THE end"}},
      {"change_case:english_capital",
       json::object(),
       {"THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG AND THEN IT GOES BACK TO ITS HOME."},
       {"The quick", "123", "DAS IST EIN GANZ GEWÖHNLICHER DEUTSCHER SATZ ÜBER DAS WETTER VON HEUTE."}},
      {"change_case:english_lowercase",
       json::object(),
       {english},
       {"The quick", "123", "das ist ein ganz gewöhnlicher deutscher satz über das wetter von heute."}},
      {"punctuation:no_comma", json::object(), {"a. b"}, {"a, b", "一，二", "a،b"}},
  };
  return all;
}

TEST(InstructionReward, ChecksEachKind) {
  std::set<std::string> seen;
  for (const KindCase& c : cases()) {
    seen.insert(c.id);
    for (const std::string& response : c.following) EXPECT_EQ(value(response, c.id, c.kwargs), 1) << c.id << response;
    for (const std::string& response : c.other) EXPECT_EQ(value(response, c.id, c.kwargs), 0) << c.id << response;
    for (const char* nothing : {"", " \n"}) EXPECT_EQ(value(nothing, c.id, c.kwargs), 0) << c.id;
  }
  const std::vector<std::string> ids = instruction_ids();
  EXPECT_EQ(seen, std::set<std::string>(ids.begin(), ids.end()));
  EXPECT_EQ(ids.size(), 25);
}

TEST(InstructionReward, AllOfARowMustBeFollowed) {
  const data::Example example =
      asking({"punctuation:no_comma", "keywords:existence"},
             {{{"keywords", nullptr}}, {{"keywords", {"sun"}}, {"letter", nullptr}}});  // as tables of datasets have it
  const InstructionReward reward{InstructionOptions()};
  EXPECT_EQ(reward.score("The sun shines.", example).value, 1.0);
  const Score score = reward.score("The sun, it shines.", example);
  EXPECT_EQ(score.value, 0.0);
  EXPECT_EQ(
      score.detail.dump(),
      R"({"strict":false,"loose":false,"instructions":[{"id":"punctuation:no_comma","strict":false,"loose":false},)"
      R"({"id":"keywords:existence","strict":true,"loose":true}]})");
}

TEST(InstructionReward, LooseTriesEightForms) {
  const std::string id = "startend:quotation";
  for (const char* loosely : {"Sure:\n\"a\"", "\"a\"\nBye", "Sure:\n\"a\"\nBye", "*\"a\"*", "Sure:\n*\"a\"*\nBye"}) {
    EXPECT_EQ(value(loosely, id, json::object()), 0) << loosely;
    EXPECT_EQ(value(loosely, id, json::object(), true), 1) << loosely;
  }
  EXPECT_EQ(value("Sure, \"a\"", id, json::object(), true), 0);
  EXPECT_EQ(value("x\ny\n\"a\"", id, json::object(), true), 0) << "two lines are too many";
}

TEST(InstructionReward, JudgesTheReplyAndNotTheReasoning) {
  const std::string id = "punctuation:no_comma";
  EXPECT_EQ(value("<think>well, hm</think>Yes", id, json::object()), 1);
  EXPECT_EQ(value("<think>hm</think><answer>Yes</answer>, done", id, json::object()), 1);
  EXPECT_EQ(value("<think>no end", id, json::object()), 0);
}

TEST(InstructionReward, NamesWhatIsWrongInARow) {
  const InstructionReward reward{InstructionOptions()};
  const auto fault = [&](const data::Example& example) -> std::string {
    try {
      reward.check_example(example, "f:3");
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(fault(data::Example()), "f:3: needs a column `instruction_id_list`, a list of names");
  EXPECT_EQ(fault(asking({"punctuation:no_coma"}, json::array({json::object()}))),
            "f:3: the instruction `punctuation:no_coma` is not known; did you mean `punctuation:no_comma`?");
  EXPECT_EQ(fault(asking({"keywords:existence"}, json::array({json::object()}))),
            "f:3: instruction keywords:existence: lacks the argument `keywords`");
  EXPECT_EQ(
      fault(asking({"length_constraints:number_words"}, json::array({{{"num_words", 3}, {"relation", "at most"}}}))),
      "f:3: instruction length_constraints:number_words: the argument `relation` must be `less than` or `at least`");
  EXPECT_EQ(fault(asking({"punctuation:no_comma"}, json::array({{{"keyword", "a"}}}))),
            "f:3: instruction punctuation:no_comma: takes no argument `keyword`");
  for (const json& wrong : {json{{"num_words", -1}}, json{{"num_words", 1.5}}, json{{"num_words", "3"}}}) {
    json kwargs = wrong;
    kwargs["relation"] = "at least";
    EXPECT_NE(fault(asking({"length_constraints:number_words"}, json::array({kwargs}))), "");
  }
  EXPECT_NE(fault(asking({"language:response_language"}, json::array({{{"language", "klingon"}}}))), "");
  EXPECT_NE(fault(asking({"punctuation:no_comma", "startend:quotation"}, json::array({json::object()}))), "");
  EXPECT_EQ(fault(asking({"punctuation:no_comma"}, nullptr)), "");
  EXPECT_EQ(reward.score("a", data::Example()).value, std::nullopt);
}

}  // namespace
}  // namespace aha::reward::instruction_reward_test
