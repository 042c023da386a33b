// The row functions for a number type: the CPU kernels for float, plain loops for double.
#pragma once
#include <type_traits>

#include "ops/cpu/double_rows.h"
#include "ops/cpu/kernels.h"

namespace aha::ops {

template <class T>
decltype(auto) rows() {
  if constexpr (std::is_same_v<T, float>)
    return cpu_kernels();
  else
    return DoubleRows();
}

}  // namespace aha::ops
