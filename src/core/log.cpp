// Log lines through spdlog; text of models and files cannot move the cursor or forge a line.
#include "aha/core/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include <string>

#include "core/utf8.h"

namespace aha::log {
namespace {

spdlog::logger make_logger() {
  spdlog::logger logger("aha", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  // On a terminal a progress line may stand where the log line goes: wipe it first.
  const std::string wipe = isatty(STDERR_FILENO) ? "\r\x1b[K" : "";
  logger.set_pattern(wipe + "%H:%M:%S [%^%l%$] %v");
  logger.flush_on(spdlog::level::trace);
  return logger;
}

spdlog::logger& logger() {
  static spdlog::logger instance = make_logger();
  return instance;
}

// A line break inside one message is followed by an indent, so that no text can look like a log line of its own.
std::string harmless(std::string_view line) {
  std::string out;
  for (const char c : utf8::visible(line)) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out;
}

void write(spdlog::level::level_enum level, std::string_view line) {
  if (logger().should_log(level)) logger().log(level, "{}", harmless(line));
}

}  // namespace

void set_level(Level level) {
  switch (level) {
    case Level::kDebug:
      return logger().set_level(spdlog::level::debug);
    case Level::kInfo:
      return logger().set_level(spdlog::level::info);
    case Level::kWarning:
      return logger().set_level(spdlog::level::warn);
    case Level::kError:
      return logger().set_level(spdlog::level::err);
  }
}

void debug(std::string_view line) { write(spdlog::level::debug, line); }
void info(std::string_view line) { write(spdlog::level::info, line); }
void warning(std::string_view line) { write(spdlog::level::warn, line); }
void error(std::string_view line) { write(spdlog::level::err, line); }

}  // namespace aha::log
