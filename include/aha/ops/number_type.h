// How numbers are kept: in 4 bytes, or in the upper 2 of them.
#pragma once
#include <cstdint>

namespace aha::ops {

enum class NumberType { kFloat32, kBFloat16 };
int64_t bytes_of(NumberType type);

}  // namespace aha::ops
