// Builds a ConfigTree from the parser's events, so that nothing is expanded before it is checked.
#pragma once
#include <string>
#include <string_view>

#include "aha/core/config_tree.h"

namespace aha {

constexpr size_t kMaxConfigDepth = 32;
constexpr size_t kMaxConfigBytes = 1 << 20;

/// @throws ConfigError naming file and line
ConfigTree read_yaml(std::string_view text, const std::string& file_name);

}  // namespace aha
