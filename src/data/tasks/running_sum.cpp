// Sums of two-digit numbers, worked as running totals.
#include "data/tasks/generators.h"
#include "data/tasks/worked_task.h"

namespace aha::data {
namespace {

// `add 23+45+12`, worked `add>23+45=68>68+12=80 so 80`. Terms: operands, 3–5. Operands: 10–99.
class RunningSum final : public WorkedTask {
 public:
  explicit RunningSum(const TaskOptions& options)
      : WorkedTask("running_sum", {"add", "加"}, options, {3, 5, 10, 99}, {2, 16, 0, 9999}) {}

  Example make(Random& random, bool out_of_distribution) const override {
    const std::string language = draw_language(random);
    std::vector<int64_t> operands(draw_terms(random, out_of_distribution));
    for (int64_t& operand : operands) operand = draw_operand(random);
    return problem(operands, language);
  }

  // Two terms, the first of them any running total of a longer sum.
  Example make_drill(Random& random) const override {
    const std::string language = draw_language(random);
    const int64_t total = random.between(sizes().min_operand, sizes().max_operand * (sizes().max_terms - 1));
    Example drill = problem({total, draw_operand(random)}, language);
    mark_drill(drill);
    return drill;
  }

 protected:
  Pass work(const Example& example, bool is_wrong, Wording&, Random& random) const override {
    const auto operands = example.columns.at("operands").get<std::vector<int64_t>>();
    const size_t wrong_step = is_wrong ? 1 + random.below(operands.size() - 1) : 0;
    int64_t total = operands[0];
    Pass pass;
    for (size_t i = 1; i < operands.size(); ++i) {
      pass.text.append(">").append(joined({total, operands[i]}, "+"));
      total += operands[i];
      if (i == wrong_step) total = slipped(total, random);
      pass.text.append("=").append(std::to_string(total));
    }
    pass.answer = std::to_string(total);
    return pass;
  }

  std::string wrong_answer(const Example& example, Random& random) const override {
    return std::to_string(slipped(std::stoll(example.answer), random));
  }

 private:
  Example problem(const std::vector<int64_t>& operands, const std::string& language) const {
    int64_t total = 0;
    for (const int64_t operand : operands) total += operand;
    return make_example(localised(language, "add ", "加 ") + joined(operands, "+"), std::to_string(total),
                        int64_t(operands.size()), language, {{"operands", operands}});
  }

  static int64_t slipped(int64_t total, Random& random) {
    const int64_t slip = draw_slip(random);
    return total + slip < 0 ? total - slip : total + slip;
  }
};

}  // namespace

std::unique_ptr<Task> make_running_sum(const TaskOptions& options) { return std::make_unique<RunningSum>(options); }

}  // namespace aha::data
