// Compares two readings from their structure down to their values.
#pragma once
#include "reward/math/judge.h"
#include "reward/math/reading.h"

namespace aha::reward::math {

class Comparison {
 public:
  Comparison(const Declaration& declaration, Work& work) : declaration_(declaration), work_(work) {}
  Verdict run(const Part& a, const Part& b);

 private:
  // As deep as brackets nest at most, which the parser limits.
  Verdict compare(const Part& a, const Part& b);
  Verdict compare_numbers(const Part& a, const Part& b);
  Verdict compare_named(const Part& a, const Part& b);
  Verdict compare_kinds(const Part& a, const Part& b);
  Verdict compare_equation_with_number(const Part& equation, const Part& number);
  Verdict compare_in_order(const Part& a, const Part& b);
  Verdict compare_collections(const Part& a, const Part& b);
  Verdict compare_as_sets(const Part& a, const Part& b);
  Verdict contains_all(const Part& a, const Part& b);
  Verdict compare_unordered(const Part& a, const Part& b);
  Verdict compare_matrices(const Part& a, const Part& b);
  Verdict compare_rows(const Part& matrix, const Part& tuple);

  const Declaration& declaration_;
  Work& work_;
};

}  // namespace aha::reward::math
