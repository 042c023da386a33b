#include "aha/report/process_memory.h"

#include <sys/resource.h>

namespace aha::report {

int64_t peak_rss_bytes() {
  constexpr int64_t kBytesPerUnit = 1024;  // of ru_maxrss on Linux
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * kBytesPerUnit;
}

}  // namespace aha::report
