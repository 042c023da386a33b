// The gate of one token around the choice of its experts: scores before it, weights after it (see ops::route_row).
#pragma once
#include <cstdint>

#include "aha/ops/cpu_math.h"

namespace aha::ops {

/// @param logits [E] · score [E] out
template <class T>
void score_row(const RouterShape& shape, const T* logits, T* score);

/// The chosen scores, normalised if asked, times scaling. @param expert [K] · weight [K] out
template <class T>
void weigh_row(const RouterShape& shape, const T* score, const int32_t* expert, T* weight);

}  // namespace aha::ops
