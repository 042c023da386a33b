// The most memory that a piece of work holds.
#pragma once
#include <cstdint>
#include <fstream>
#include <string>

namespace aha::tests {

inline int64_t status_bytes(const std::string& field) {
  std::ifstream status("/proc/self/status");
  std::string word;
  int64_t kilobytes = 0;
  while (status >> word && word != field) continue;
  status >> kilobytes;
  return kilobytes * 1024;
}

/// Most memory held while `action` runs, above what was held before.
template <class Action>
int64_t peak_bytes_of(const Action& action) {
  std::ofstream("/proc/self/clear_refs") << "5";  // forgets the old peak
  const int64_t before = status_bytes("VmRSS:");
  action();
  return status_bytes("VmHWM:") - before;
}

}  // namespace aha::tests
