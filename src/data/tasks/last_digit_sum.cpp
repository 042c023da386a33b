// The last digit of a sum: each step is one small fact, the answer at one glance needs all of them.
#include "data/tasks/generators.h"
#include "data/tasks/reduction_sum.h"

namespace aha::data {

std::unique_ptr<Task> make_last_digit_sum(const TaskOptions& options) {
  return std::make_unique<ReductionSum>(SumKind{"last_digit_sum", "mod", "余", 10}, options);
}

}  // namespace aha::data
