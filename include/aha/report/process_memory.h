// How much memory this process takes.
#pragma once
#include <cstdint>

namespace aha::report {

/// The most that it has held since it began, in bytes of resident memory.
int64_t peak_rss_bytes();

}  // namespace aha::report
