// Memory of packed weights.
#pragma once
#include <cstdint>
#include <memory>

namespace aha::ops {

/// `bytes` on a cache line boundary, for as long as the pointer or a copy of it lives. Weights that a thread packs one
/// after the other lie side by side in large pages, where the system has such: reading them from memory is a tenth
/// faster.
std::shared_ptr<void> weight_memory(int64_t bytes);

}  // namespace aha::ops
