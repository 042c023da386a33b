// Sums of small numbers, worked by rewriting the remaining list with the running total.
#pragma once
#include <string>
#include <vector>

#include "data/tasks/worked_task.h"

namespace aha::data {

/// What tells the two sums apart.
struct SumKind {
  const char* name;
  const char *english, *chinese;  // first word of the prompt
  int64_t modulus;                // totals are kept modulo this; 0: as they are
};

/// `mod 3+3+2+4`, worked `add>6+2+4>8+4>2 so 2`. Terms: operands, 5–6. Operands: 1–4.
class ReductionSum final : public WorkedTask {
 public:
  ReductionSum(const SumKind& kind, const TaskOptions& options);
  Example make(Random& random, bool out_of_distribution) const override;
  /// Two terms, the first of them any running total that a longer sum can have.
  Example make_drill(Random& random) const override;

 protected:
  Pass work(const Example& example, bool is_wrong, Wording& wording, Random& random) const override;
  std::string wrong_answer(const Example& example, Random& random) const override;

 private:
  Example problem(const std::vector<int64_t>& operands, const std::string& language) const;
  int64_t reduced(int64_t total) const { return kind_.modulus ? total % kind_.modulus : total; }
  int64_t slipped(int64_t total, Random& random) const;

  SumKind kind_;
};

}  // namespace aha::data
