// The sum itself, the contrast to its last digit: here the short style can be sharpened.
#include "data/tasks/generators.h"
#include "data/tasks/reduction_sum.h"

namespace aha::data {

std::unique_ptr<Task> make_plain_sum(const TaskOptions& options) {
  return std::make_unique<ReductionSum>(SumKind{"plain_sum", "sum", "和", 0}, options);
}

}  // namespace aha::data
