// Formulas to be written as programs of a stack machine, worked operation by operation; judged by running them.
#include <algorithm>
#include <numeric>
#include <set>

#include "data/tasks/generators.h"
#include "data/tasks/worked_task.h"

namespace aha::data {
namespace {

constexpr int64_t kNumStackTests = 12, kNumShownStackTests = 4;
constexpr int64_t kLargestStackOutput = 999;
constexpr int64_t kFewestStackOutputs = 5;  // different ones
constexpr int kMaxWrongStackDraws = 64;

constexpr std::string_view kStackOperations = "+-*^_";  // the last two: the larger, the smaller

using StackInputs = std::array<int64_t, 2>;  // A and B

int64_t stack_operand(char text, const StackInputs& inputs) {
  return text >= 'A' ? inputs[static_cast<size_t>(text - 'A')] : text - '0';
}

int64_t combined(int64_t total, int64_t operand, char symbol) {
  if (symbol == '+') return total + operand;
  if (symbol == '-') return total - operand;
  if (symbol == '*') return total * operand;
  return symbol == '^' ? std::max(total, operand) : std::min(total, operand);
}

// Programs here are "AB+2*": an input, then pairs of operand and operation.
int64_t stack_output(const std::string& program, const StackInputs& inputs) {
  int64_t total = stack_operand(program[0], inputs);
  for (size_t i = 1; i < program.size(); i += 2) {
    total = combined(total, stack_operand(program[i], inputs), program[i + 1]);
  }
  return total;
}

std::vector<int64_t> stack_outputs(const std::string& program, const std::vector<StackInputs>& tests) {
  std::vector<int64_t> outputs;
  for (const StackInputs& inputs : tests) outputs.push_back(stack_output(program, inputs));
  return outputs;
}

// Twelve different pairs of digits; a function of the program alone, so that a formula has one prompt.
std::vector<StackInputs> stack_tests_of(const std::string& program) {
  std::vector<int64_t> pairs(100);
  std::iota(pairs.begin(), pairs.end(), 0);
  Random random(hash_name(program), "task/stack_program/tests");
  random.shuffle(pairs);
  std::vector<StackInputs> tests;
  for (int64_t i = 0; i < kNumStackTests; ++i) tests.push_back({pairs[i] / 10, pairs[i] % 10});
  return tests;
}

// Small outputs, and enough different ones that few other programs have them too.
bool is_usable(const std::vector<int64_t>& outputs) {
  const auto [least, greatest] = std::minmax_element(outputs.begin(), outputs.end());
  const std::set<int64_t> different(outputs.begin(), outputs.end());
  return *least >= -kLargestStackOutput && *greatest <= kLargestStackOutput &&
         std::ssize(different) >= kFewestStackOutputs;
}

// The same from the left with operations between: "A+B*2". Its first operations may stand behind their operands
// already.
std::string formula(const std::string& program, size_t num_done = 0) {
  std::string text = program.substr(0, 1 + 2 * num_done);
  for (size_t i = text.size(); i < program.size(); i += 2) text.append(1, program[i + 1]).append(1, program[i]);
  return text;
}

// `stack 12>6 34>14 50>10 22>8: A+B*2` is (A+B)*2, taken from the left, after what it makes of four pairs A, B; worked
// `push>A+B*2>AB+*2>AB+2* so AB+2*`. Terms: operations, 2–5. Operands: the constants, 1–9.
class StackProgram final : public WorkedTask {
 public:
  explicit StackProgram(const TaskOptions& options)
      : WorkedTask("stack_program", {"push", "压"}, options, {2, 5, 1, 9}, {2, 12, 0, 9}) {}

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
  // A wrong pass has read one operand or operation as another.
  Pass work(const Example& example, bool is_wrong, Wording&, Random& random) const override {
    Pass pass;
    pass.answer = example.answer;
    if (is_wrong) pass.answer = wrong_program(example, random);
    const size_t num_operations = pass.answer.size() / 2;
    for (size_t done = 0; done <= num_operations; ++done) pass.text.append(">").append(formula(pass.answer, done));
    return pass;
  }

  std::string wrong_answer(const Example& example, Random& random) const override {
    return wrong_program(example, random);
  }

 private:
  char draw_symbol(Random& random) const { return kStackOperations[random.below(kStackOperations.size())]; }
  char draw_input(Random& random) const { return random.chance(0.5) ? 'A' : 'B'; }
  char draw_stack_operand(Random& random) const {
    return random.chance(0.5) ? draw_input(random) : static_cast<char>('0' + draw_operand(random));
  }

  std::string draw_program(int64_t num_operations, Random& random) const {
    std::string program(1, draw_input(random));
    for (int64_t i = 0; i < num_operations; ++i) {
      program.push_back(draw_stack_operand(random));
      program.push_back(draw_symbol(random));
    }
    return program;
  }

  std::string with_slip(std::string program, Random& random) const {
    const size_t place = random.below(program.size());
    const bool is_symbol = place > 0 && place % 2 == 0;
    program[place] = is_symbol ? draw_symbol(random) : place == 0 ? draw_input(random) : draw_stack_operand(random);
    return program;
  }

  // One slip away, and with another output in some test.
  std::string wrong_program(const Example& example, Random& random) const {
    const auto tests = example.columns.at("inputs").get<std::vector<StackInputs>>();
    const auto outputs = example.columns.at("outputs").get<std::vector<int64_t>>();
    for (int i = 0; i < kMaxWrongStackDraws; ++i) {
      std::string program = with_slip(example.answer, random);
      if (stack_outputs(program, tests) != outputs) return program;
    }
    return example.answer + "1+";
  }

  Example problem(int64_t num_operations, const std::string& language, Random& random) const {
    std::string program;
    std::vector<StackInputs> tests;
    std::vector<int64_t> outputs;
    do {
      program = draw_program(num_operations, random);
      tests = stack_tests_of(program);
      outputs = stack_outputs(program, tests);
    } while (!is_usable(outputs));
    std::string prompt = localised(language, "stack", "栈");
    for (int64_t i = 0; i < kNumShownStackTests; ++i) {
      prompt.append(" ").append(std::to_string(tests[i][0])).append(std::to_string(tests[i][1]));
      prompt.append(">").append(std::to_string(outputs[i]));
    }
    prompt.append(": ").append(formula(program));
    return make_example(std::move(prompt), program, num_operations, language,
                        {{"inputs", tests}, {"outputs", outputs}, {"num_shown", kNumShownStackTests}});
  }
};

}  // namespace

std::unique_ptr<Task> make_stack_program(const TaskOptions& options) { return std::make_unique<StackProgram>(options); }

}  // namespace aha::data
