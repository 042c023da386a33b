// Answers of every generator, recomputed here from the prompt's text alone, and solutions worked by hand.
#include <gtest/gtest.h>

#include <numeric>
#include <set>
#include <sstream>

#include "aha/data/task.h"

namespace aha::data::task_answers_test {
namespace {

constexpr Noise kNoNoise{.direct = 0, .worked = 0, .checked = 0, .recheck = 0};
constexpr int64_t kCount = 600;

std::vector<Example> examples_of(const std::string& name) {
  TaskOptions options;
  options.languages = {"en", "zh"};
  const auto task = make_task(name, options);
  auto examples = generate_examples(*task, Split::kTrain, kCount, 11);
  for (Example& example : generate_examples(*task, Split::kOutOfDistribution, 100, 11)) {
    examples.push_back(std::move(example));
  }
  return examples;
}

std::string after(const std::string& text, const std::string& mark) {
  return text.substr(text.find(mark) + mark.size());
}

std::string worked(const std::string& name, const Example& example) {
  Random random(1, "test");
  return make_task(name, {})->solve(example, Style::kWorked, kNoNoise, "", random).reasoning;
}

Example example_of(std::string answer, int64_t difficulty, nlohmann::json columns) {
  Example example;
  example.answer = std::move(answer);
  example.difficulty = difficulty;
  example.columns = std::move(columns);
  return example;
}

// Value of "3-4+10".
int64_t evaluate(const std::string& expression) {
  std::istringstream stream(expression);
  int64_t total = 0, number = 0;
  while (stream >> number) total += number;  // each sign belongs to the number behind it
  return total;
}

TEST(RunningSum, AnswersAreExact) {
  for (const Example& example : examples_of("running_sum")) {
    EXPECT_EQ(example.answer, std::to_string(evaluate(after(example.prompt, " ")))) << example.prompt;
  }
  EXPECT_EQ(worked("running_sum", example_of("80", 3, {{"operands", {23, 45, 12}}, {"language", "en"}})),
            "add>23+45=68>68+12=80 so 80");
}

TEST(SortDigits, AnswersAreExact) {
  for (const Example& example : examples_of("sort_digits")) {
    std::string digits = after(example.prompt, " ");
    std::sort(digits.begin(), digits.end());
    EXPECT_EQ(example.answer, digits) << example.prompt;
  }
  EXPECT_EQ(worked("sort_digits", example_of("1245", 4, {{"digits", "5241"}, {"language", "zh"}})),
            "选>1 524>12 54>124 5>1245 得1245");
}

TEST(Countdown, AnswersReachTheTarget) {
  for (const Example& example : examples_of("countdown")) {
    const bool is_chinese = example.columns["language"] == "zh";
    int64_t target = 0;
    std::istringstream prompt(after(example.prompt, " "));
    std::string word;
    prompt >> target >> word;
    EXPECT_EQ(word, is_chinese ? "用" : "from");
    std::multiset<int64_t> given, used;
    for (int64_t number = 0; prompt >> number;) given.insert(number);
    std::istringstream answer(example.answer);
    for (int64_t number = 0; answer >> number;) used.insert(std::abs(number));
    EXPECT_EQ(evaluate(example.answer), target) << example.prompt << " " << example.answer;
    EXPECT_EQ(used, given) << example.prompt << " " << example.answer;
    EXPECT_EQ(example.columns["target"], target);
    EXPECT_EQ(example.columns["numbers"].size(), given.size());
    EXPECT_GE(target, 1);
  }
}

TEST(Countdown, TriesAreExactToo) {
  for (const Example& example : examples_of("countdown")) {
    const std::string text = worked("countdown", example);
    std::istringstream tries(after(text, ">"));
    for (std::string attempt; std::getline(tries, attempt, '>');) {
      const size_t equals = attempt.find('=');
      EXPECT_EQ(evaluate(attempt.substr(0, equals)), std::stoll(attempt.substr(equals + 1))) << text;
    }
  }
}

// "5", "-7/3" as numerator and denominator.
std::pair<int64_t, int64_t> fraction_of(const std::string& text) {
  const size_t slash = text.find('/');
  return {std::stoll(text), slash == std::string::npos ? 1 : std::stoll(text.substr(slash + 1))};
}

TEST(LinearEquation, AnswersSolveIt) {
  int fractions = 0;
  for (const Example& example : examples_of("linear_equation")) {
    const std::string equation = after(example.prompt, " ");
    const int64_t coefficient = std::stoll(equation);
    const int64_t right = std::stoll(after(equation, "="));
    const size_t x = equation.find('x');
    const int64_t constant = evaluate(equation.substr(x + 1, equation.find('=') - x - 1));
    const auto [numerator, denominator] = fraction_of(example.answer);
    EXPECT_EQ(coefficient * numerator + constant * denominator, right * denominator) << example.prompt;
    EXPECT_EQ(std::gcd(numerator, denominator), 1) << example.answer;
    fractions += denominator > 1;
  }
  EXPECT_GT(fractions, 150);
}

TEST(LinearEquation, WorkedByHand) {
  const auto equation = [](const char* answer, int64_t coefficient, std::vector<int64_t> constants, int64_t right) {
    return worked(
        "linear_equation",
        example_of(answer, int64_t(constants.size()) + 1,
                   {{"coefficient", coefficient}, {"constants", constants}, {"right", right}, {"language", "en"}}));
  };
  EXPECT_EQ(equation("5", 3, {4}, 19), "move>3x=15>x=15/3>x=5 so 5");
  EXPECT_EQ(equation("3/2", 4, {3}, 9), "move>4x=6>x=6/4>x=3/2 so 3/2");
  EXPECT_EQ(equation("-7/3", 3, {-2, 5}, -4), "move>3x-2=-9>3x=-7>x=-7/3 so -7/3");
}

// A claim's truth, read from its English text; person p is a knight if bit p is set.
bool is_knight(const std::string& name, int assignment) { return assignment >> (name[0] - 'A') & 1; }
bool literal(const std::string& name, const std::string& kind, int assignment) {
  return is_knight(name, assignment) == kind.starts_with("knight");
}
bool claim_holds(const std::string& text, int assignment) {
  std::istringstream stream(text);
  std::string a, second, third, fourth, fifth;
  stream >> a >> second >> third >> fourth >> fifth;
  if (second == "same") return is_knight(a, assignment) == is_knight(fourth, assignment);
  if (second == "unlike") return is_knight(a, assignment) != is_knight(third, assignment);
  if (third == "and") return literal(a, second, assignment) && literal(fourth, fifth, assignment);
  if (third == "or") return literal(a, second, assignment) || literal(fourth, fifth, assignment);
  return literal(a, second, assignment);
}

TEST(KnightsAndKnaves, AnswersAreTheOnlySolution) {
  std::set<std::string> answers;
  for (const Example& example : examples_of("knights_and_knaves")) {
    if (example.columns["language"] != "en") continue;
    std::vector<std::string> claims;
    std::istringstream stream(after(example.prompt, "who? "));
    for (std::string claim; std::getline(stream, claim, ';');) claims.push_back(after(claim, ": "));
    std::vector<std::string> solutions;
    for (int assignment = 0; assignment < 1 << claims.size(); ++assignment) {
      bool fits = true;
      std::string text;
      for (size_t i = 0; i < claims.size(); ++i) {
        const bool knight = assignment >> i & 1;
        fits &= claim_holds(claims[i], assignment) == knight;
        text += (i ? ", " : "") + std::string(1, char('A' + i)) + (knight ? " knight" : " knave");
      }
      if (fits) solutions.push_back(text);
    }
    EXPECT_EQ(solutions, std::vector<std::string>{example.answer}) << example.prompt;
    answers.insert(example.answer);
  }
  EXPECT_GE(answers.size(), 12u);  // all 4 + 8 of the training split, some of four people
}

TEST(KnightsAndKnaves, WorkedByHand) {
  // A: B knave; B: A and B differ. 11: A lies. 10: A is right, B would have to be wrong but they do differ.
  // 01: A is wrong as it should be (B is a knight), B is right.
  const nlohmann::json claims = {{0, 1, 1, 0, 0}, {2, 0, 1, 0, 0}};
  EXPECT_EQ(worked("knights_and_knaves", example_of("A knave, B knight", 2, {{"claims", claims}, {"language", "en"}})),
            "case>11 A no>10 B no>01 fits so A knave, B knight");
  EXPECT_EQ(worked("knights_and_knaves", example_of("甲无赖, 乙骑士", 2, {{"claims", claims}, {"language", "zh"}})),
            "设>11 甲否>10 乙否>01 合 得甲无赖, 乙骑士");
}

TEST(KnightsAndKnaves, ChineseSaysTheSameAsEnglish) {
  const std::pair<const char*, const char*> words[] = {{"谁?", "who?"},     {"骑士", " knight"}, {"无赖", " knave"},
                                                       {"同", " same as "}, {"异", " unlike "},  {"且", " and "},
                                                       {"或", " or "},      {"甲", "A"},         {"乙", "B"},
                                                       {"丙", "C"},         {"丁", "D"}};
  TaskOptions chinese;
  chinese.languages = {"zh"};
  const auto english_examples =
      generate_examples(*make_task("knights_and_knaves", {}), Split::kOutOfDistribution, 200, 3);
  const auto chinese_examples =
      generate_examples(*make_task("knights_and_knaves", chinese), Split::kOutOfDistribution, 200, 3);
  for (size_t i = 0; i < english_examples.size(); ++i) {
    std::string prompt = chinese_examples[i].prompt;
    for (const auto& [from, to] : words) {
      for (size_t place = 0; (place = prompt.find(from)) != std::string::npos;) {
        prompt.replace(place, std::string(from).size(), to);
      }
    }
    EXPECT_EQ(prompt, english_examples[i].prompt);
    EXPECT_EQ(chinese_examples[i].columns["claims"], english_examples[i].columns["claims"]);
  }
}

TEST(MultipleChoice, TheAnswerIsTheOneRightChoice) {
  std::map<std::string, std::string> known;  // a question has one right answer wherever it is asked
  int products = 0;
  for (const Example& example : examples_of("multiple_choice")) {
    const auto choices = example.columns["choices"].get<std::vector<std::string>>();
    const auto question = example.columns["question"].get<std::string>();
    std::string prompt = (example.columns["language"] == "zh" ? "选 " : "pick ") + question + ":";
    for (size_t i = 0; i < choices.size(); ++i) prompt += std::string(" ") + char('A' + i) + " " + choices[i];
    EXPECT_EQ(example.prompt, prompt);
    EXPECT_EQ(std::set<std::string>(choices.begin(), choices.end()).size(), choices.size()) << prompt;

    ASSERT_EQ(example.answer.size(), 1u);
    const std::string right = choices.at(example.answer[0] - 'A');
    EXPECT_EQ(known.emplace(question, right).first->second, right);
    if (const size_t star = question.find('*'); star != std::string::npos) {
      EXPECT_EQ(std::stoll(question) * std::stoll(question.substr(star + 1)), std::stoll(right));
      ++products;
    }
  }
  EXPECT_NEAR(products, 175, 60);
  EXPECT_EQ(known["capital of France"], "Paris");
  EXPECT_EQ(known["法国首都"], "巴黎");
  EXPECT_EQ(known["opposite of hot"], "cold");
  EXPECT_EQ(worked("multiple_choice", example_of("B", 3, {{"choices", {"Rome", "Paris", "Oslo"}}, {"language", "en"}})),
            "know>Paris>B so B");
}

}  // namespace
}  // namespace aha::data::task_answers_test
