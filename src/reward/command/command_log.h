// What a program writes to its stderr: passed on to the log, so much of it for each batch.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace aha::reward {

class CommandLog {
 public:
  explicit CommandLog(std::string name) : name_(std::move(name)) {}
  void take(std::string_view bytes);
  /// Ends an unfinished line and says how much was left out; the next batch may write as much again.
  void end_batch();
  /// The last line of this program, shortened and harmless to show; empty if it wrote none.
  const std::string& last_line() const { return last_line_; }

 private:
  void end_line();

  std::string name_, line_, last_line_;
  int64_t num_lines_ = 0, num_bytes_left_out_ = 0;
};

/// At most this many bytes, cut at a character, with every control and broken byte written as \xNN.
std::string shortened_visible(std::string_view text, size_t max_bytes);

}  // namespace aha::reward
