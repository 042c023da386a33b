// Numbers nobody can know before the run, for evaluating at random places.
#pragma once
#include <cstdint>
#include <string_view>

namespace aha::reward::math {

/// A 64-bit number that depends on the secret in use, on a name and on a count.
uint64_t secret_number(std::string_view name, uint64_t count);

/// What set_verifier_secret() has set, or else drawn from the system once.
uint64_t current_secret();

}  // namespace aha::reward::math
