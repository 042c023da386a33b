// Numbers nobody can know before the run, for evaluating at random places.
#pragma once
#include <cstdint>
#include <string_view>

namespace aha::reward::math {

/// A 64-bit number that depends on a secret of this process, on a name and on a count. The same in every call.
uint64_t secret_number(std::string_view name, uint64_t count);

}  // namespace aha::reward::math
