// Who is a knight and always tells the truth, who a knave and always lies; worked case by case.
#include "data/tasks/generators.h"
#include "data/tasks/worked_task.h"

namespace aha::data {
namespace {

constexpr const char* kEnglishNames[] = {"A", "B", "C", "D", "E", "F"};
constexpr const char* kChineseNames[] = {"甲", "乙", "丙", "丁", "戊", "己"};

std::string person(size_t index, const std::string& language) {
  return localised(language, kEnglishNames[index], kChineseNames[index]);
}

std::string with_kind(size_t index, bool is_knight, const std::string& language) {
  return person(index, language) +
         (is_knight ? localised(language, " knight", "骑士") : localised(language, " knave", "无赖"));
}

// An assignment: bit i is 1 if person i is a knight.
using Case = uint64_t;
bool is_knight(Case assignment, size_t index) { return assignment >> index & 1; }

enum class Kind { kIs, kSame, kUnlike, kAnd, kOr };
constexpr int64_t kNumKinds = 5;

// What one person says about one or two.
struct Claim {
  Kind kind;
  int64_t first, second;
  bool first_is_knight, second_is_knight;

  bool holds(Case assignment) const {
    const bool a = is_knight(assignment, first), b = is_knight(assignment, second);
    switch (kind) {
      case Kind::kIs:
        return a == first_is_knight;
      case Kind::kSame:
        return a == b;
      case Kind::kUnlike:
        return a != b;
      case Kind::kAnd:
        return a == first_is_knight && b == second_is_knight;
      case Kind::kOr:
        return a == first_is_knight || b == second_is_knight;
    }
    return false;
  }

  std::string text(const std::string& language) const {
    const std::string a = person(first, language), b = person(second, language);
    const std::string a_is = with_kind(first, first_is_knight, language);
    const std::string b_is = with_kind(second, second_is_knight, language);
    switch (kind) {
      case Kind::kIs:
        return a_is;
      case Kind::kSame:
        return a + localised(language, " same as ", "同") + b;
      case Kind::kUnlike:
        return a + localised(language, " unlike ", "异") + b;
      case Kind::kAnd:
        return a_is + localised(language, " and ", "且") + b_is;
      case Kind::kOr:
        return a_is + localised(language, " or ", "或") + b_is;
    }
    return "";
  }
};

// About others, or about oneself together with another: a claim about oneself alone decides nothing.
Claim draw_claim(int64_t speaker, int64_t count, Random& random) {
  Claim claim{static_cast<Kind>(random.below(kNumKinds)), 0, 0, random.chance(0.5), random.chance(0.5)};
  claim.first = random.between(0, count - 2);
  if (claim.kind == Kind::kIs) {
    claim.first += claim.first >= speaker;
    claim.second = claim.first;
  } else {
    claim.second = random.between(claim.first + 1, count - 1);
  }
  return claim;
}

// Each knight's claim holds and no knave's does. `lie` gets the first person whose claim does not fit.
bool is_consistent(const std::vector<Claim>& claims, Case assignment, size_t* lie = nullptr) {
  for (size_t i = 0; i < claims.size(); ++i) {
    if (claims[i].holds(assignment) == is_knight(assignment, i)) continue;
    if (lie) *lie = i;
    return false;
  }
  return true;
}

std::vector<Case> solutions(const std::vector<Claim>& claims) {
  std::vector<Case> found;
  for (Case assignment = 0; assignment < Case{1} << claims.size(); ++assignment) {
    if (is_consistent(claims, assignment)) found.push_back(assignment);
  }
  return found;
}

std::string answer_text(Case assignment, size_t count, const std::string& language) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    text.append(i == 0 ? "" : ", ").append(with_kind(i, is_knight(assignment, i), language));
  }
  return text;
}

// "10": the first person is a knight, the second is not.
std::string case_text(Case assignment, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += is_knight(assignment, i) ? '1' : '0';
  return text;
}

// `who? A: B knave; B: A knight or B knave`, worked `case>11 A no>10 fits so A knight, B knave`; 1 is a knight.
// Terms: people, 2–3. The claims always leave exactly one solution.
class KnightsAndKnaves final : public WorkedTask {
 public:
  explicit KnightsAndKnaves(const TaskOptions& options)
      : WorkedTask("knights_and_knaves", {"case", "设"}, options, {2, 3, 0, 0}, {2, 5, 0, 0}) {}

  Example make(Random& random, bool out_of_distribution) const override {
    const std::string language = draw_language(random);
    const int64_t count = draw_terms(random, out_of_distribution);
    std::vector<Claim> claims;
    std::vector<Case> found;
    while (found.size() != 1) {
      claims.clear();
      for (int64_t speaker = 0; speaker < count; ++speaker) claims.push_back(draw_claim(speaker, count, random));
      found = solutions(claims);
    }
    return problem(claims, found[0], language);
  }

 protected:
  // A wrong pass takes another case for the solution, and the solution, if it comes first, for a contradiction.
  Pass work(const Example& example, bool is_wrong, Wording& wording, Random& random) const override {
    const std::vector<Claim> claims = claims_of(example);
    const std::string language = example.columns.at("language").get<std::string>();
    const Case truth = solutions(claims)[0];
    const Case accepted = is_wrong ? other_case(truth, claims.size(), random) : truth;
    Pass pass;
    for (const Case assignment : ordered_cases(claims.size())) {
      pass.text.append(">").append(case_text(assignment, claims.size())).append(" ");
      if (assignment == accepted) break;
      size_t lie = random.below(claims.size());  // stays where the truth is rejected
      is_consistent(claims, assignment, &lie);
      pass.text.append(person(lie, language)).append(wording(" no", "否"));
    }
    pass.text.append(wording("fits", "合"));
    pass.answer = answer_text(accepted, claims.size(), language);
    return pass;
  }

  std::string wrong_answer(const Example& example, Random& random) const override {
    const std::vector<Claim> claims = claims_of(example);
    return answer_text(solutions(claims)[0] ^ Case{1} << random.below(claims.size()), claims.size(),
                       example.columns.at("language").get<std::string>());
  }

 private:
  Example problem(const std::vector<Claim>& claims, Case solution, const std::string& language) const {
    std::string prompt = localised(language, "who?", "谁?");
    nlohmann::json rows = nlohmann::json::array();
    for (size_t i = 0; i < claims.size(); ++i) {
      const Claim& claim = claims[i];
      prompt.append(i == 0 ? " " : "; ").append(person(i, language)).append(": ").append(claim.text(language));
      rows.push_back({int64_t(claim.kind), claim.first, claim.second, int64_t(claim.first_is_knight),
                      int64_t(claim.second_is_knight)});
    }
    return make_example(std::move(prompt), answer_text(solution, claims.size(), language), int64_t(claims.size()),
                        language, {{"claims", std::move(rows)}});
  }

  static std::vector<Claim> claims_of(const Example& example) {
    std::vector<Claim> claims;
    for (const auto& row : example.columns.at("claims").get<std::vector<std::vector<int64_t>>>()) {
      claims.push_back({static_cast<Kind>(row.at(0)), row.at(1), row.at(2), row.at(3) != 0, row.at(4) != 0});
    }
    return claims;
  }

  static Case other_case(Case truth, size_t count, Random& random) {
    const Case other = random.below((Case{1} << count) - 1);
    return other + (other >= truth);
  }

  // 11, 10, 01, 00: the last person changes fastest.
  static std::vector<Case> ordered_cases(size_t count) {
    std::vector<Case> cases;
    for (Case number = Case{1} << count; number-- > 0;) {
      Case assignment = 0;
      for (size_t i = 0; i < count; ++i) assignment |= (number >> (count - 1 - i) & 1) << i;
      cases.push_back(assignment);
    }
    return cases;
  }
};

}  // namespace

std::unique_ptr<Task> make_knights_and_knaves(const TaskOptions& options) {
  return std::make_unique<KnightsAndKnaves>(options);
}

}  // namespace aha::data
