// The engine on labelled pairs, on cases that fooled other verifiers, and on hostile text.
#include "reward/math/judge.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "reward/math/work.h"

namespace aha::reward::math::judge_test {
namespace {

Verdict verdict(const std::string& gold, const std::string& answer) { return judge(gold, answer).verdict; }

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

std::string concatenated(const std::vector<std::string>& parts) {
  std::string result;
  for (const std::string& part : parts) result += part;
  return result;
}

// What a row of the pairs declares, as a row of a dataset would.
Declaration declaration_of(const nlohmann::json& pair) {
  Declaration declaration;
  if (pair.contains("unit") && pair["unit"].is_array()) declaration.units = pair["unit"];
  if (pair.contains("unit") && pair["unit"].is_string()) declaration.units.push_back(pair["unit"]);
  if (pair.value("percent", false)) declaration.units = {"%", "percent"};
  using Multiple = Declaration::Multiple;
  const std::string multiple = pair.value("multiple", "");
  if (!multiple.empty()) declaration.multiple = multiple == "set" ? Multiple::kSet : Multiple::kOrdered;
  return declaration;
}

std::vector<nlohmann::json> labelled_pairs() {
  std::ifstream file(AHA_SOURCE_DIR "/tests/data/math_pairs.jsonl");
  std::vector<nlohmann::json> pairs;
  for (std::string line; std::getline(file, line);) pairs.push_back(nlohmann::json::parse(line));
  return pairs;
}

TEST(Judge, CallsNoDifferentPairEqualAndMissesFewerThanOneInAHundred) {
  const auto pairs = labelled_pairs();
  ASSERT_GE(pairs.size(), 5000u);
  size_t num_equal = 0, num_missed = 0, num_undecided = 0;
  for (const auto& pair : pairs) {
    const std::string gold = pair.at("answer"), candidate = pair.at("candidate");
    const Verdict actual = judge(gold, candidate, declaration_of(pair)).verdict;
    num_undecided += actual == Verdict::kUndecided;
    EXPECT_NE(actual, Verdict::kUnparsableGold) << gold;
    if (!pair.at("equal").get<bool>()) {
      EXPECT_NE(actual, Verdict::kEqual) << "gold " << gold << ", candidate " << candidate;
      continue;
    }
    ++num_equal;
    if (actual == Verdict::kEqual) continue;
    ++num_missed;
    std::cerr << "missed: gold " << gold << ", candidate " << candidate << ": " << verdict_name(actual) << '\n';
  }
  EXPECT_GE(num_equal, 1000u);
  EXPECT_LT(num_missed * 100, num_equal);
  EXPECT_LT(num_undecided * 100, pairs.size());
}

TEST(Judge, IsSymmetric) {
  for (const auto& pair : labelled_pairs()) {
    const std::string gold = pair.at("answer"), candidate = pair.at("candidate");
    const Declaration declared = declaration_of(pair);
    EXPECT_EQ(judge(gold, candidate, declared).verdict == Verdict::kEqual,
              judge(candidate, gold, declared).verdict == Verdict::kEqual)
        << gold << " and " << candidate;
  }
}

TEST(Judge, EqualsItself) {
  for (const auto& pair : labelled_pairs()) {
    const std::string gold = pair.at("answer");
    EXPECT_EQ(judge(gold, gold, declaration_of(pair)).verdict, Verdict::kEqual) << gold;
  }
}

TEST(Judge, TellsUndecidedFromDifferentAndUnparsable) {
  EXPECT_EQ(verdict("5", "6"), Verdict::kDifferent);
  EXPECT_EQ(verdict("\\pi", "3.14159"), Verdict::kDifferent);
  EXPECT_EQ(verdict("\\sin(1)^2+\\cos(1)^2", "1"), Verdict::kEqual);
  EXPECT_EQ(verdict("\\sqrt{x^2}", "x"), Verdict::kDifferent);
  EXPECT_EQ(verdict("\\ln(x^2)", "2\\ln x"), Verdict::kUndecided);
  EXPECT_EQ(verdict("x>3", "x>4"), Verdict::kDifferent);
  EXPECT_EQ(verdict("x>3", "2x>6"), Verdict::kUndecided);
  EXPECT_EQ(verdict("e+\\pi", "e\\pi"), Verdict::kDifferent);
  EXPECT_EQ(verdict("\\log 100", "2"), Verdict::kUndecided);  // of which base?
  EXPECT_EQ(verdict("5", "five + ?"), Verdict::kUnparsable);
  EXPECT_EQ(verdict("5 +", "5"), Verdict::kUnparsableGold);
  EXPECT_EQ(verdict("", "5"), Verdict::kUnparsableGold);
}

TEST(Judge, RefusesWhatCanBeReadInTwoWays) {
  for (const char* text : {"1/2x", "\\sqrt12", "\\frac123", "1e-3", "\\sin 2x", "\\sin^{-1}x", "3\\frac32", "2 3", "x3",
                           "\\pm 1 \\pm \\sqrt2", "x=6/2=3", "1<x>2", "0.1.2", "1,,2", "((1)"}) {
    EXPECT_FALSE(is_gold(text)) << text;
    EXPECT_EQ(verdict("5", text), Verdict::kUnparsable) << text;
  }
}

TEST(Judge, NeverEqualsWhatHasNoValue) {
  for (const char* text : {"0/0", "1/0", "\\frac{1}{1-1}", "0^0", "0^{-1}", "\\infty-\\infty", "0\\cdot\\infty",
                           "(-8)^{1/3}", "\\sqrt[0]{2}", "\\ln 0"}) {
    EXPECT_FALSE(is_gold(text)) << text;
    EXPECT_EQ(verdict("0", text), Verdict::kUndecided) << text;
  }
}

TEST(Judge, DoesNotGuessUnits) {
  EXPECT_NE(verdict("5", "5\\text{ cm}"), Verdict::kEqual);
  EXPECT_NE(verdict("5\\text{ cm}", "5"), Verdict::kEqual);
  EXPECT_NE(verdict("90", "90^\\circ"), Verdict::kEqual);
  EXPECT_NE(verdict("50", "50\\%"), Verdict::kEqual);
}

// A power of what has no exact form is not a power of 0.
TEST(Judge, DoesNotLoseWhatItDoesNotKnow) {
  for (const char* text : {"2^{1/100}", "2^{-1/100}", "(1000!)^{-1}", "\\frac{1}{\\frac{1}{1000!}}", "3^{100/101}"}) {
    EXPECT_TRUE(is_gold(text)) << text;
    EXPECT_NE(verdict("0", text), Verdict::kEqual) << text;
    EXPECT_NE(verdict("1", text), Verdict::kEqual) << text;
    EXPECT_EQ(verdict(text, text), Verdict::kEqual) << text;
  }
}

// Every text comes back within the budget, whatever it holds.
TEST(Judge, BoundsTheWorkOnHostileText) {
  const std::vector<std::string> texts = {
      "9^9^9^9",
      concatenated({"5", repeated("^5", 900)}),
      "((9!)!)!",
      "(10^9)!",
      "2^{10^{10}}",
      "\\binom{1000000000}{500000000}",
      repeated("7", 2048),
      repeated("7", 1'000'000),
      repeated("(", 100'000),
      concatenated({repeated("(", 1000), "5", repeated(")", 1000)}),
      repeated("{", 100'000),
      concatenated({repeated("\\frac{1}{", 200), "5", repeated("}", 200)}),
      concatenated({repeated("\\sqrt{", 300), "5", repeated("}", 300)}),
      concatenated({repeated("-", 2000), "5"}),
      concatenated({repeated("\\{\\pm", 300), "1", repeated("\\}", 300)}),
      repeated("|", 2000),
      concatenated({"(", repeated("x_1+y_2+z_3+", 100), "1)^{30}"}),
      "(a+b+c+d+f+g+h+k+l+m)^{32}",
      "(x+y)^{32}(x-y)^{32}(x+2y)^{32}(x+3)^{32}",
      concatenated({"1/999999999989", repeated("+1/999999999961+1/999999999959", 60)}),
      concatenated({"\\sqrt{4294967291}", repeated("+\\sqrt{4294967279}+\\sqrt{4294967231}", 50)}),
      concatenated({"2^{8000}/3^{5000}", repeated("+2^{7999}/3^{4999}", 100)}),
      concatenated({"\\{1", repeated(",1", 900), "\\}"}),
      concatenated({"1", repeated(",1+x", 350)}),
      concatenated({repeated("\\ln(2+", 50), "x", repeated(")", 50)}),
      concatenated({repeated("e^{\\sin{", 40), "1", repeated("}}", 40)}),
      concatenated({"\\sin 1", repeated(",\\sin 1", 200)}),
      concatenated({"x<1", repeated(",x<1+\\sin x", 100)}),
      concatenated({"\\arctan x", repeated("+\\arctan(x+1)\\cdot\\ln(x^2+2)", 40), ">0"}),
      concatenated({"\\begin{pmatrix}", repeated("1&", 900), "1\\end{pmatrix}"}),
      concatenated({"x", repeated("\\begin{pmatrix}1&2\\end{pmatrix}", 50)}),
      repeated("\\begin{pmatrix}", 100),
      "0.\\overline{" + std::string(1900, '7') + "}",
      "\\sqrt[64]{\\sqrt[64]{\\sqrt[64]{2+\\sqrt[64]{3}}}}",
      "\\sin(10^{400})",
      "\\sin(9^{9^9})",
      "e^{e^{e^{e^{e}}}}",
      "\\frac{1}{\\sin\\pi}",
      "20000!+\\frac{1}{20000!}",
      "(10^{10^{2000}})!",
      concatenated({repeated("\\sin(", 60), "x", repeated(")", 60)}),
      repeated("\xff", 2000),
      repeated("\\", 2000),
      std::string(2000, '\0'),
  };
  for (const std::string& text : texts) {
    SCOPED_TRACE(text.substr(0, 40));
    const Judgement as_answer = judge("5", text), as_gold = judge(text, "5"), against_itself = judge(text, text);
    EXPECT_NE(as_answer.verdict, Verdict::kEqual);
    EXPECT_NE(as_gold.verdict, Verdict::kEqual);
    for (const Judgement& judgement : {as_answer, as_gold, against_itself}) {
      EXPECT_LE(judgement.work, Work::kMaxSteps + 100'000);  // the last operation may overshoot
    }
  }
}

TEST(Judge, OrdinaryAnswersAreFarFromTheBudget) {
  int64_t most = 0;
  for (const auto& pair : labelled_pairs()) {
    if (pair.at("kind") == "hostile") continue;
    const std::string gold = pair.at("answer"), candidate = pair.at("candidate");
    most = std::max(most, judge(gold, candidate, declaration_of(pair)).work);
  }
  EXPECT_LT(most, Work::kMaxSteps / 2);
}

}  // namespace
}  // namespace aha::reward::math::judge_test
