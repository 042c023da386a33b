// Lines are cut and counted; the log itself makes their bytes harmless.
#include "reward/command/command_log.h"

#include "aha/core/log.h"
#include "core/utf8.h"

namespace aha::reward {
namespace {

constexpr int64_t kLinesOfBatch = 40;
constexpr size_t kBytesOfLine = 500;
constexpr size_t kBytesOfLastLine = 200;

}  // namespace

std::string shortened_visible(std::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return utf8::visible(text);
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return utf8::visible(text.substr(0, end)) + "…";
}

void CommandLog::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = std::min(bytes.find('\n'), bytes.size());
    const size_t kept = num_lines_ < kLinesOfBatch ? std::min(length, kBytesOfLine - line_.size()) : 0;
    line_.append(bytes.substr(0, kept));
    num_bytes_left_out_ += static_cast<int64_t>(length - kept);
    if (length < bytes.size()) end_line();
    bytes.remove_prefix(std::min(length + 1, bytes.size()));
  }
}

void CommandLog::end_line() {
  if (line_.empty()) return;
  ++num_lines_;
  log::info(name_ + " | " + line_);
  last_line_ = shortened_visible(line_, kBytesOfLastLine);
  line_.clear();
}

void CommandLog::end_batch() {
  end_line();
  if (num_bytes_left_out_ > 0) {
    log::info(name_ + " | … and " + std::to_string(num_bytes_left_out_) + " more bytes on its stderr");
  }
  num_lines_ = num_bytes_left_out_ = 0;
}

}  // namespace aha::reward
