// Refuses an option by its name.
#pragma once
#include <string>

#include "aha/core/error.h"

namespace aha::rollout {

inline void check(bool holds, const char* name, const std::string& sentence) {
  if (!holds) throw ConfigError(name, sentence);
}

}  // namespace aha::rollout
