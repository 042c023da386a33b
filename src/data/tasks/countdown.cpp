// A target to be made from given numbers, each used once, with plus and minus; worked by trying.
#include <algorithm>
#include <numeric>

#include "data/tasks/generators.h"
#include "data/tasks/worked_task.h"

namespace aha::data {
namespace {

constexpr int64_t kMaxFailedTries = 2;

struct Expression {
  std::string text;
  int64_t value;
};

// Bit i of `minus` is the sign before number i + 1.
Expression expression_of(const std::vector<int64_t>& numbers, uint64_t minus) {
  Expression expression{std::to_string(numbers[0]), numbers[0]};
  for (size_t i = 1; i < numbers.size(); ++i) {
    const bool is_minus = minus >> (i - 1) & 1;
    expression.text.append(is_minus ? "-" : "+").append(std::to_string(numbers[i]));
    expression.value += is_minus ? -numbers[i] : numbers[i];
  }
  return expression;
}

// Every order and every choice of signs; the order of the list depends on the numbers alone.
std::vector<Expression> all_expressions(std::vector<int64_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  std::vector<Expression> expressions;
  do {
    for (uint64_t minus = 0; minus < 1ULL << (numbers.size() - 1); ++minus) {
      expressions.push_back(expression_of(numbers, minus));
    }
  } while (std::next_permutation(numbers.begin(), numbers.end()));
  return expressions;
}

// `make 4 from 3 6 5`, worked `try>3+5-6=2 no>3+6-5=4 so 3+6-5`. Terms: numbers, 3. Operands: the numbers, 1–10.
class Countdown final : public WorkedTask {
 public:
  explicit Countdown(const TaskOptions& options)
      : WorkedTask("countdown", {"try", "试"}, options, {3, 3, 1, 10}, {2, 5, 1, 99}) {}

  Example make(Random& random, bool out_of_distribution) const override {
    const std::string language = draw_language(random);
    return problem(draw_terms(random, out_of_distribution), language, random);
  }

  Example make_drill(Random& random) const override {
    const std::string language = draw_language(random);
    Example drill = problem(2, language, random);
    mark_drill(drill);
    return drill;
  }

 protected:
  // A wrong pass claims that an expression reaches the target when it does not.
  Pass work(const Example& example, bool is_wrong, Wording& wording, Random& random) const override {
    const int64_t target = example.columns.at("target").get<int64_t>();
    std::vector<Expression> misses = all_misses(example);
    random.shuffle(misses);
    Pass pass;
    const auto num_failed = std::min<int64_t>(random.between(0, kMaxFailedTries), int64_t(misses.size()) - 1);
    for (int64_t i = 0; i < num_failed; ++i) {
      pass.text.append(">").append(misses[i].text).append("=").append(std::to_string(misses[i].value));
      pass.text.append(wording(" no", " 否"));
    }
    pass.answer = is_wrong ? misses.back().text : example.answer;
    pass.text.append(">").append(pass.answer).append("=").append(std::to_string(target));
    return pass;
  }

  std::string wrong_answer(const Example& example, Random& random) const override {
    const std::vector<Expression> misses = all_misses(example);
    return misses[random.below(misses.size())].text;
  }

 private:
  // The target is the value of a random expression, so targets that many expressions reach are more frequent.
  Example problem(int64_t count, const std::string& language, Random& random) const {
    std::vector<int64_t> numbers(count);
    for (int64_t& number : numbers) number = draw_operand(random);
    std::vector<Expression> expressions = all_expressions(numbers);
    std::erase_if(expressions, [](const Expression& expression) { return expression.value < 1; });
    const int64_t target = expressions[random.below(expressions.size())].value;
    const auto first = std::find_if(expressions.begin(), expressions.end(),
                                    [&](const Expression& expression) { return expression.value == target; });
    std::string prompt = localised(language, "make ", "凑 ") + std::to_string(target);
    prompt += localised(language, " from ", " 用 ") + joined(numbers, " ");
    return make_example(std::move(prompt), first->text, count, language, {{"numbers", numbers}, {"target", target}});
  }

  static std::vector<Expression> all_misses(const Example& example) {
    const int64_t target = example.columns.at("target").get<int64_t>();
    auto expressions = all_expressions(example.columns.at("numbers").get<std::vector<int64_t>>());
    std::erase_if(expressions, [&](const Expression& expression) { return expression.value == target; });
    return expressions;
  }
};

}  // namespace

std::unique_ptr<Task> make_countdown(const TaskOptions& options) { return std::make_unique<Countdown>(options); }

}  // namespace aha::data
