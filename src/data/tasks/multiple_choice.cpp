// One right answer among several: facts of a small table, and products.
#include <algorithm>

#include "data/tasks/facts.h"
#include "data/tasks/generators.h"
#include "data/tasks/worked_task.h"

namespace aha::data {
namespace {

struct Question {
  std::string text, answer;
  std::vector<std::string> distractors;
};

std::string letter(size_t index) { return std::string(1, static_cast<char>('A' + index)); }

Question draw_fact(const std::string& language, Random& random) {
  const auto groups = fact_groups();
  const auto group = groups[random.below(groups.size())];
  const Fact& fact = group[random.below(group.size())];
  Question question{localised(language, fact.english_question, fact.chinese_question),
                    localised(language, fact.english_answer, fact.chinese_answer),
                    {}};
  for (const Fact& other : group) {
    if (&other != &fact)
      question.distractors.push_back(localised(language, other.english_answer, other.chinese_answer));
  }
  return question;
}

// Distractors are near misses: one factor off by one, or a slip in adding.
Question make_product(int64_t a, int64_t b) {
  Question question{std::to_string(a) + "*" + std::to_string(b), std::to_string(a * b), {}};
  for (const int64_t near : {a * b + a, a * b - a, a * b + b, a * b - b, a * b + 1, a * b - 1, a * b + 2, a * b + 10}) {
    const std::string text = std::to_string(near);
    const auto& known = question.distractors;
    const bool is_new = text != question.answer && std::find(known.begin(), known.end(), text) == known.end();
    if (near >= 0 && is_new) question.distractors.push_back(text);
  }
  return question;
}

// `pick capital of France: A Rome B Paris C Oslo D Lima`, worked `know>Paris>B so B`.
// Terms: choices, 4. Operands: factors of products, 2–9.
class MultipleChoice final : public WorkedTask {
 public:
  explicit MultipleChoice(const TaskOptions& options)
      : WorkedTask("multiple_choice", {"know", "知"}, options, {4, 4, 2, 9}, {2, 5, 2, 99}) {}

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
  Pass work(const Example& example, bool is_wrong, Wording&, Random& random) const override {
    Pass pass;
    pass.answer = is_wrong ? wrong_answer(example, random) : example.answer;
    const auto choices = example.columns.at("choices").get<std::vector<std::string>>();
    pass.text.append(">").append(choices.at(pass.answer[0] - 'A')).append(">").append(pass.answer);
    return pass;
  }

  std::string wrong_answer(const Example& example, Random& random) const override {
    const size_t right = example.answer[0] - 'A';
    const size_t other = random.below(example.columns.at("choices").size() - 1);
    return letter(other + (other >= right));
  }

 private:
  Question draw_product(Random& random) const {
    const int64_t a = draw_operand(random);
    const int64_t b = draw_operand(random);
    return make_product(a, b);
  }

  Example problem(int64_t num_choices, const std::string& language, Random& random) const {
    const bool is_product = random.below(fact_groups().size() + 1) == 0;
    Question question = is_product ? draw_product(random) : draw_fact(language, random);
    random.shuffle(question.distractors);
    std::vector<std::string> choices(question.distractors.begin(), question.distractors.begin() + num_choices - 1);
    const size_t right = random.below(num_choices);
    choices.insert(choices.begin() + right, question.answer);

    std::string prompt = localised(language, "pick ", "选 ") + question.text + ":";
    for (size_t i = 0; i < choices.size(); ++i) {
      prompt.append(" ").append(letter(i)).append(" ").append(choices[i]);
    }
    return make_example(std::move(prompt), letter(right), num_choices, language,
                        {{"question", question.text}, {"choices", choices}});
  }
};

}  // namespace

std::unique_ptr<Task> make_multiple_choice(const TaskOptions& options) {
  return std::make_unique<MultipleChoice>(options);
}

}  // namespace aha::data
