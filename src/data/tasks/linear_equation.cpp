// Equations a·x + b = c, worked by moving one constant after the other; answers are integers or fractions.
#include <numeric>

#include "data/tasks/generators.h"
#include "data/tasks/worked_task.h"

namespace aha::data {
namespace {

constexpr int64_t kMaxRoot = 9;

std::string signed_text(int64_t number) {
  std::string text = number < 0 ? "" : "+";
  return text.append(std::to_string(number));
}

// In lowest terms, "-7/3" or "5"; denominator > 0.
std::string quotient(int64_t numerator, int64_t denominator) {
  const int64_t divisor = std::gcd(numerator, denominator);
  std::string text = std::to_string(numerator / divisor);
  if (denominator != divisor) text.append("/").append(std::to_string(denominator / divisor));
  return text;
}

struct Equation {
  int64_t coefficient, right;
  std::vector<int64_t> constants;  // on the left, with their signs

  std::string text() const {
    std::string left = std::to_string(coefficient) + "x";
    for (const int64_t constant : constants) left += signed_text(constant);
    return left.append("=").append(std::to_string(right));
  }
  // a·x, once all constants are moved.
  int64_t product() const { return right - std::accumulate(constants.begin(), constants.end(), int64_t{0}); }
};

// `solve 4x+3=9`, worked `move>4x=6>x=6/4>x=3/2 so 3/2`. Terms on the left: 2. Operands: coefficients, 1–9.
class LinearEquation final : public WorkedTask {
 public:
  explicit LinearEquation(const TaskOptions& options)
      : WorkedTask("linear_equation", {"move", "移"}, options, {2, 2, 1, 9}, {2, 6, 1, 99}) {}

  Example make(Random& random, bool out_of_distribution) const override {
    const std::string language = draw_language(random);
    return problem(draw_terms(random, out_of_distribution), language, random);
  }

  Example make_drill(Random& random) const override {
    const std::string language = draw_language(random);
    Example drill = problem(1, language, random);
    mark_drill(drill);
    return drill;
  }

 protected:
  Pass work(const Example& example, bool is_wrong, Wording&, Random& random) const override {
    Equation equation = equation_of(example);
    const size_t wrong_step = is_wrong ? random.below(std::max<size_t>(equation.constants.size(), 1)) : SIZE_MAX;
    Pass pass;
    for (size_t step = 0; !equation.constants.empty(); ++step) {
      equation.right -= equation.constants.back();
      if (step == wrong_step) equation.right += draw_slip(random);
      equation.constants.pop_back();
      pass.text.append(">").append(equation.text());
    }
    const bool is_drill = example.difficulty == 1;  // nothing to move: the product itself is misread
    if (is_wrong && is_drill) equation.right += draw_slip(random);
    pass.answer = quotient(equation.right, equation.coefficient);
    const std::string division = std::to_string(equation.right) + "/" + std::to_string(equation.coefficient);
    pass.text.append(">x=").append(division);
    if (division != pass.answer) pass.text.append(">x=").append(pass.answer);
    return pass;
  }

  std::string wrong_answer(const Example& example, Random& random) const override {
    const Equation equation = equation_of(example);
    return quotient(equation.product() + draw_slip(random), equation.coefficient);
  }

 private:
  // Half of the roots are drawn as integers, the others as they fall.
  Example problem(int64_t num_terms, const std::string& language, Random& random) const {
    Equation equation;
    const int64_t largest = std::max<int64_t>(sizes().max_operand, 2);
    equation.coefficient = random.between(std::max<int64_t>(sizes().min_operand, 2), largest);
    const int64_t bound = kMaxRoot * equation.coefficient;
    equation.right =
        random.chance(0.5) ? equation.coefficient * random.between(-kMaxRoot, kMaxRoot) : random.between(-bound, bound);
    const std::string answer = quotient(equation.right, equation.coefficient);
    for (int64_t i = 1; i < num_terms; ++i) {
      const int64_t sign = random.chance(0.5) ? 1 : -1;
      const int64_t constant = sign * draw_operand(random);
      equation.constants.push_back(constant);
      equation.right += constant;
    }
    return make_example(
        localised(language, "solve ", "解 ") + equation.text(), answer, num_terms, language,
        {{"coefficient", equation.coefficient}, {"constants", equation.constants}, {"right", equation.right}});
  }

  static Equation equation_of(const Example& example) {
    return {example.columns.at("coefficient").get<int64_t>(), example.columns.at("right").get<int64_t>(),
            example.columns.at("constants").get<std::vector<int64_t>>()};
  }
};

}  // namespace

std::unique_ptr<Task> make_linear_equation(const TaskOptions& options) {
  return std::make_unique<LinearEquation>(options);
}

}  // namespace aha::data
