// The router for one token: which experts, with which weights.
#include "ops/route_row.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "aha/core/error.h"
#include "ops/cpu/rows.h"

namespace aha::ops {
namespace {

void check_shape(const RouterShape& shape) {
  const int64_t groups = shape.num_groups;
  AHA_CHECK(groups >= 1 && shape.num_experts % groups == 0, "experts must divide into groups of one size");
  AHA_CHECK(shape.topk_groups >= 1 && shape.topk_groups <= groups, "topk_groups must be 1 to num_groups");
  AHA_CHECK(shape.experts_per_token >= 1 && shape.experts_per_token <= shape.topk_groups * (shape.num_experts / groups),
            "the chosen groups must hold experts_per_token experts");
}

// Index of the largest entry that is still allowed, the lowest on a tie, a NaN only where nothing else is left;
// forbids it.
template <class T>
int64_t take_best(const std::vector<T>& value, std::vector<char>& is_allowed) {
  int64_t best = -1;
  T largest = std::numeric_limits<T>::quiet_NaN();
  for (size_t i = 0; i < value.size(); ++i) {
    if (!is_allowed[i]) continue;
    if (best < 0 || value[i] > largest || (std::isnan(largest) && !std::isnan(value[i]))) {
      best = static_cast<int64_t>(i);
      largest = value[i];
    }
  }
  is_allowed[static_cast<size_t>(best)] = 0;
  return best;
}

template <class T>
T sum_of_two_best(const T* value, int64_t count) {
  T first = -std::numeric_limits<T>::infinity(), second = first;
  for (int64_t i = 0; i < count; ++i) {
    if (value[i] > first) {
      second = first;
      first = value[i];
    } else if (value[i] > second) {
      second = value[i];
    }
  }
  return count > 1 ? first + second : first;
}

template <class T>
T best(const T* value, int64_t count) {
  T largest = -std::numeric_limits<T>::infinity();
  for (int64_t i = 0; i < count; ++i) {
    if (value[i] > largest) largest = value[i];
  }
  return largest;
}

template <class T>
struct RouterScratch {
  std::vector<T> choice, group_score;
  std::vector<char> is_allowed, is_open;
};

template <class T>
void allow_best_groups(const RouterShape& shape, RouterScratch<T>& scratch) {
  const int64_t size = shape.num_experts / shape.num_groups;
  scratch.group_score.resize(static_cast<size_t>(shape.num_groups));
  scratch.is_open.assign(static_cast<size_t>(shape.num_groups), 1);
  const auto rank = shape.group_rank == GroupRank::kTwoBest ? sum_of_two_best<T> : best<T>;
  for (int64_t g = 0; g < shape.num_groups; ++g)
    scratch.group_score[static_cast<size_t>(g)] = rank(scratch.choice.data() + g * size, size);
  for (int64_t i = 0; i < shape.topk_groups; ++i) {
    const int64_t g = take_best(scratch.group_score, scratch.is_open);
    std::fill_n(scratch.is_allowed.begin() + g * size, size, char{1});
  }
}

}  // namespace

template <class T>
void score_row(const RouterShape& shape, const T* logits, T* score) {
  if (shape.score == RouterScore::kSigmoid) {
    rows<T>().sigmoid(logits, shape.num_experts, score);
  } else {
    std::copy_n(logits, shape.num_experts, score);
    softmax_row(score, T{1}, shape.num_experts);
  }
}
template void score_row(const RouterShape&, const float*, float*);
template void score_row(const RouterShape&, const double*, double*);

template <class T>
void weigh_row(const RouterShape& shape, const T* score, const int32_t* expert, T* weight) {
  T sum = 0;
  for (int64_t k = 0; k < shape.experts_per_token; ++k) {
    weight[k] = score[expert[k]];
    sum += weight[k];
  }
  const T factor = static_cast<T>(shape.scaling) / (shape.normalize ? sum + static_cast<T>(1e-20) : T{1});
  for (int64_t k = 0; k < shape.experts_per_token; ++k) weight[k] *= factor;
}
template void weigh_row(const RouterShape&, const float*, const int32_t*, float*);
template void weigh_row(const RouterShape&, const double*, const int32_t*, double*);

template <class T>
void route_row(const RouterShape& shape, const T* logits, const float* bias, int32_t* expert, T* weight, T* score) {
  check_shape(shape);
  thread_local RouterScratch<T> scratch;
  const size_t num_experts = static_cast<size_t>(shape.num_experts);
  score_row(shape, logits, score);
  scratch.choice.assign(score, score + num_experts);
  for (size_t i = 0; bias && i < num_experts; ++i) scratch.choice[i] += static_cast<T>(bias[i]);
  scratch.is_allowed.assign(num_experts, shape.num_groups == 1);
  if (shape.num_groups > 1) allow_best_groups(shape, scratch);

  for (int64_t k = 0; k < shape.experts_per_token; ++k) {
    expert[k] = static_cast<int32_t>(take_best(scratch.choice, scratch.is_allowed));
  }
  weigh_row(shape, score, expert, weight);
}

template void route_row(const RouterShape&, const float*, const float*, int32_t*, float*, float*);
template void route_row(const RouterShape&, const double*, const float*, int32_t*, double*, double*);

}  // namespace aha::ops
