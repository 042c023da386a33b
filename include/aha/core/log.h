// Log lines on stderr; stdout belongs to results.
#pragma once
#include <string_view>

namespace aha::log {

enum class Level { kDebug, kInfo, kWarning, kError };

/// Lines below `level` are dropped. Default: info.
void set_level(Level level);
void debug(std::string_view line);
void info(std::string_view line);
void warning(std::string_view line);
void error(std::string_view line);

}  // namespace aha::log
