// Digits put in ascending order, worked by picking the smallest that is left.
#include <algorithm>

#include "aha/core/error.h"
#include "data/tasks/generators.h"
#include "data/tasks/worked_task.h"

namespace aha::data {
namespace {

bool all_same(const std::string& digits) { return digits.find_first_not_of(digits[0]) == std::string::npos; }

// `sort 5241`, worked `pick>1 524>12 54>124 5>1245 so 1245`. Terms: digits, 5–7. Operands: the digits, 1–9.
class SortDigits final : public WorkedTask {
 public:
  explicit SortDigits(const TaskOptions& options)
      : WorkedTask("sort_digits", {"pick", "选"}, options, {5, 7, 1, 9}, {2, 32, 1, 9}) {
    if (sizes().min_operand == sizes().max_operand) {
      throw ConfigError(name(), "min_operand and max_operand are equal; sorting needs at least two digits");
    }
  }

  Example make(Random& random, bool out_of_distribution) const override {
    const std::string language = draw_language(random);
    return problem(draw_digits(draw_terms(random, out_of_distribution), random), language);
  }

  Example make_drill(Random& random) const override {
    const std::string language = draw_language(random);
    Example drill = problem(draw_digits(2, random), language);
    mark_drill(drill);
    return drill;
  }

 protected:
  Pass work(const Example& example, bool is_wrong, Wording&, Random& random) const override {
    auto rest = example.columns.at("digits").get<std::string>();
    // A wrong pick needs a larger digit among those left, so it falls before the largest ones.
    const auto num_largest = std::count(rest.begin(), rest.end(), *std::max_element(rest.begin(), rest.end()));
    const int64_t wrong_step = is_wrong ? int64_t(random.below(rest.size() - num_largest)) : -1;
    std::string picked;
    Pass pass;
    for (int64_t step = 0; !rest.empty(); ++step) {
      const size_t place = step == wrong_step ? larger_place(rest, random) : smallest_place(rest);
      picked.push_back(rest[place]);
      rest.erase(place, 1);
      pass.text.append(">").append(picked).append(rest.empty() ? "" : " ").append(rest);
    }
    pass.answer = picked;
    return pass;
  }

  std::string wrong_answer(const Example& example, Random& random) const override {
    std::string answer = example.answer;
    std::vector<size_t> rises;
    for (size_t i = 0; i + 1 < answer.size(); ++i) {
      if (answer[i] != answer[i + 1]) rises.push_back(i);
    }
    const size_t place = rises[random.below(rises.size())];
    std::swap(answer[place], answer[place + 1]);
    return answer;
  }

 private:
  std::string draw_digits(int64_t count, Random& random) const {
    std::string digits(count, '0');
    do {
      for (char& digit : digits) digit = static_cast<char>('0' + draw_operand(random));
    } while (all_same(digits));
    return digits;
  }

  Example problem(const std::string& digits, const std::string& language) const {
    std::string sorted = digits;
    std::sort(sorted.begin(), sorted.end());
    return make_example(localised(language, "sort ", "排 ") + digits, sorted, int64_t(digits.size()), language,
                        {{"digits", digits}});
  }

  static size_t smallest_place(const std::string& rest) {
    return std::min_element(rest.begin(), rest.end()) - rest.begin();
  }

  static size_t larger_place(const std::string& rest, Random& random) {
    const char smallest = rest[smallest_place(rest)];
    size_t place = random.below(rest.size());
    while (rest[place] == smallest) place = (place + 1) % rest.size();
    return place;
  }
};

}  // namespace

std::unique_ptr<Task> make_sort_digits(const TaskOptions& options) { return std::make_unique<SortDigits>(options); }

}  // namespace aha::data
