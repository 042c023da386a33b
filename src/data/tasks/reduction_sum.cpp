// Sums of small numbers, worked by rewriting the remaining list with the running total.
#include "data/tasks/reduction_sum.h"

namespace aha::data {
ReductionSum::ReductionSum(const SumKind& kind, const TaskOptions& options)
    : WorkedTask(kind.name, {"add", "加"}, options, {5, 6, 1, 4}, {2, 32, 0, 99}), kind_(kind) {}

Example ReductionSum::problem(const std::vector<int64_t>& operands, const std::string& language) const {
  int64_t total = 0;
  for (const int64_t operand : operands) total += operand;
  return make_example(localised(language, kind_.english, kind_.chinese) + " " + joined(operands, "+"),
                      std::to_string(reduced(total)), int64_t(operands.size()), language, {{"operands", operands}});
}

Example ReductionSum::make(Random& random, bool out_of_distribution) const {
  const std::string language = draw_language(random);
  std::vector<int64_t> operands(draw_terms(random, out_of_distribution));
  for (int64_t& operand : operands) operand = draw_operand(random);
  return problem(operands, language);
}

Example ReductionSum::make_drill(Random& random) const {
  const std::string language = draw_language(random);
  const int64_t largest_total = sizes().max_operand * (sizes().max_terms - 1);
  const int64_t total =
      kind_.modulus ? random.between(0, kind_.modulus - 1) : random.between(sizes().min_operand, largest_total);
  Example drill = problem({total, draw_operand(random)}, language);
  mark_drill(drill);
  return drill;
}

int64_t ReductionSum::slipped(int64_t total, Random& random) const {
  const int64_t slip = draw_slip(random);
  if (kind_.modulus) return (total + slip + kind_.modulus) % kind_.modulus;
  return total + slip < 0 ? total - slip : total + slip;
}

Pass ReductionSum::work(const Example& example, bool is_wrong, Wording&, Random& random) const {
  auto rest = example.columns.at("operands").get<std::vector<int64_t>>();
  const size_t num_steps = rest.size() - 1;
  const size_t wrong_step = is_wrong ? random.below(num_steps) : num_steps;
  Pass pass;
  for (size_t step = 0; step < num_steps; ++step) {
    int64_t total = reduced(rest[0] + rest[1]);
    if (step == wrong_step) total = slipped(total, random);
    rest.erase(rest.begin());
    rest[0] = total;
    pass.text.append(">").append(joined(rest, "+"));
  }
  pass.answer = std::to_string(rest[0]);
  return pass;
}

std::string ReductionSum::wrong_answer(const Example& example, Random& random) const {
  return std::to_string(slipped(std::stoll(example.answer), random));
}

}  // namespace aha::data
