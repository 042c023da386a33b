// Short Python programs over a list of numbers, worked on the first example shown; judged by running them.
#include <algorithm>
#include <numeric>
#include <set>

#include "data/tasks/generators.h"
#include "data/tasks/worked_task.h"

namespace aha::data {
namespace {

constexpr int64_t kNumPythonTests = 6, kNumShownPythonTests = 2;
constexpr int64_t kFewestPythonOutputs = 3;  // different ones, so that few other programs have them too
constexpr int64_t kMinListLength = 2, kMaxListLength = 4;
constexpr int kMaxWrongPythonDraws = 64;

using Numbers = std::vector<int64_t>;

int64_t sum_of(const Numbers& numbers) { return std::accumulate(numbers.begin(), numbers.end(), int64_t{0}); }

// What can be asked of a list; none is negative.
struct Quantity {
  const char *english, *chinese, *code;
  int64_t (*of)(const Numbers&);
};
constexpr Quantity kQuantities[] = {
    {"sum", "和", "sum(a)", sum_of},
    {"max", "最大", "max(a)", [](const Numbers& a) { return *std::max_element(a.begin(), a.end()); }},
    {"min", "最小", "min(a)", [](const Numbers& a) { return *std::min_element(a.begin(), a.end()); }},
    {"count", "个数", "len(a)", [](const Numbers& a) { return int64_t(a.size()); }},
    {"first", "首", "a[0]", [](const Numbers& a) { return a.front(); }},
    {"last", "末", "a[-1]", [](const Numbers& a) { return a.back(); }},
    {"parity", "奇偶", "sum(a)%2", [](const Numbers& a) { return sum_of(a) % 2; }},
};
constexpr int64_t kNumQuantities = std::size(kQuantities), kConstant = -1;

// One summand: a quantity's place in the table, or a constant.
struct Term {
  int64_t sign, quantity, constant;
};
using Terms = std::vector<Term>;

// The terms with their signs between them, each as `say` has it.
template <class Say>
std::string chained(const Terms& terms, const Say& say) {
  std::string text;
  for (const Term& term : terms) {
    if (!text.empty()) text += term.sign > 0 ? '+' : '-';
    text += say(term);
  }
  return text;
}

std::string expression_code(const Terms& terms) {
  return chained(terms, [](const Term& term) {
    return term.quantity == kConstant ? std::to_string(term.constant) : kQuantities[term.quantity].code;
  });
}

std::string python_block(const Terms& terms) {
  return "\n```python\na=list(map(int,input().split()))\nprint(" + expression_code(terms) + ")\n```\n";
}

std::string request_text(const Terms& terms, const std::string& language) {
  const auto say = [&](const Term& term) {
    if (term.quantity == kConstant) return std::to_string(term.constant);
    return localised(language, kQuantities[term.quantity].english, kQuantities[term.quantity].chinese);
  };
  return chained(terms, say);
}

int64_t term_value(const Term& term, const Numbers& numbers) {
  return term.quantity == kConstant ? term.constant : kQuantities[term.quantity].of(numbers);
}

int64_t terms_value(const Terms& terms, const Numbers& numbers) {
  int64_t total = 0;
  for (const Term& term : terms) total += term.sign * term_value(term, numbers);
  return total;
}

bool has_quantity(const Terms& terms, int64_t quantity) {
  return std::any_of(terms.begin(), terms.end(), [quantity](const Term& term) { return term.quantity == quantity; });
}

nlohmann::json terms_to_json(const Terms& terms) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Term& term : terms) rows.push_back({term.sign, term.quantity, term.constant});
  return rows;
}

Terms terms_of(const Example& example) {
  Terms terms;
  for (const auto& row : example.columns.at("terms")) terms.push_back({row.at(0), row.at(1), row.at(2)});
  return terms;
}

// `python 4 1 2>3; 5 9>4: max-min`, worked `try>4 1 2>4-1=3 so …`, the answer a block of Python that
// reads a line of numbers. Terms: quantities and constants, 2–3. Operands: the numbers, 1–9.
class PythonProgram final : public WorkedTask {
 public:
  explicit PythonProgram(const TaskOptions& options)
      : WorkedTask("python_program", {"try", "试"}, options, {2, 3, 1, 9}, {2, 6, 0, 999}) {}

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
  // A wrong pass has read one term as another.
  Pass work(const Example& example, bool is_wrong, Wording&, Random& random) const override {
    Terms terms = terms_of(example);
    if (is_wrong) terms = wrong_terms(example, random);
    const auto numbers = lists_of(example).front();
    const auto say = [&numbers](const Term& term) { return std::to_string(term_value(term, numbers)); };
    Pass pass;
    pass.text.append(">").append(joined(numbers, " ")).append(">").append(chained(terms, say));
    pass.text.append("=").append(std::to_string(terms_value(terms, numbers)));
    pass.answer = python_block(terms);
    return pass;
  }

  std::string wrong_answer(const Example& example, Random& random) const override {
    return python_block(wrong_terms(example, random));
  }

 private:
  // A term whose quantity is in none of `others`.
  Term draw_term(const Terms& others, bool is_first, Random& random) const {
    const int64_t sign = is_first || random.chance(0.5) ? 1 : -1;
    if (!is_first && random.chance(0.3)) return {sign, kConstant, draw_operand(random)};
    int64_t quantity = random.between(0, kNumQuantities - 1);
    while (has_quantity(others, quantity)) quantity = random.between(0, kNumQuantities - 1);
    return {sign, quantity, 0};
  }

  Terms draw_request(int64_t num_terms, Random& random) const {
    Terms terms;
    for (int64_t i = 0; i < num_terms; ++i) terms.push_back(draw_term(terms, i == 0, random));
    return terms;
  }

  Terms with_slip(Terms terms, Random& random) const {
    const size_t place = random.below(terms.size());
    terms[place] = draw_term(terms, place == 0, random);
    return terms;
  }

  // One slip away, and with another output in some test.
  Terms wrong_terms(const Example& example, Random& random) const {
    const Terms right = terms_of(example);
    const std::vector<Numbers> lists = lists_of(example);
    const std::vector<int64_t> outputs = values_of(right, lists);
    for (int i = 0; i < kMaxWrongPythonDraws; ++i) {
      Terms terms = with_slip(right, random);
      if (values_of(terms, lists) != outputs) return terms;
    }
    Terms terms = right;
    terms.push_back({1, kConstant, 1});
    return terms;
  }

  static std::vector<int64_t> values_of(const Terms& terms, const std::vector<Numbers>& lists) {
    std::vector<int64_t> values;
    for (const Numbers& numbers : lists) values.push_back(terms_value(terms, numbers));
    return values;
  }

  static std::vector<Numbers> lists_of(const Example& example) {
    return example.columns.at("lists").get<std::vector<Numbers>>();
  }

  // A function of the request alone, so that a request has one prompt.
  std::vector<Numbers> draw_lists(const Terms& terms) const {
    Random random(hash_name(expression_code(terms)), "task/python_program/tests");
    std::vector<Numbers> lists(kNumPythonTests);
    for (Numbers& numbers : lists) {
      numbers.resize(static_cast<size_t>(random.between(kMinListLength, kMaxListLength)));
      for (int64_t& number : numbers) number = draw_operand(random);
    }
    return lists;
  }

  Example problem(int64_t num_terms, const std::string& language, Random& random) const {
    Terms terms;
    std::vector<Numbers> lists;
    std::vector<int64_t> values;
    do {
      terms = draw_request(num_terms, random);
      lists = draw_lists(terms);
      values = values_of(terms, lists);
    } while (std::ssize(std::set<int64_t>(values.begin(), values.end())) < kFewestPythonOutputs);

    std::string prompt = localised(language, "python", "程序");
    std::vector<std::string> inputs, outputs;
    for (int64_t i = 0; i < kNumPythonTests; ++i) {
      const std::string numbers = joined(lists[i], " "), value = std::to_string(values[i]);
      if (i < kNumShownPythonTests) prompt.append(i > 0 ? "; " : " ").append(numbers).append(">").append(value);
      inputs.push_back(numbers + "\n");
      outputs.push_back(value + "\n");
    }
    prompt.append(": ").append(request_text(terms, language));
    return make_example(std::move(prompt), python_block(terms), num_terms, language,
                        {{"inputs", inputs},
                         {"outputs", outputs},
                         {"num_shown", kNumShownPythonTests},
                         {"terms", terms_to_json(terms)},
                         {"lists", lists}});
  }
};

}  // namespace

std::unique_ptr<Task> make_python_program(const TaskOptions& options) {
  return std::make_unique<PythonProgram>(options);
}

}  // namespace aha::data
