// The two ends of a chat: questions from stdin and answers to stdout, line by line, with Ctrl-C between them.
#pragma once
#include <string>

#include "data/thought_splitter.h"

namespace aha::tools {

/// Counts Ctrl-C while it lives. A second one without a reset() between ends the program at once. One at a time.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;
  int count() const;
  void reset();
};

class ChatInput {
 public:
  ChatInput();
  bool is_terminal() const { return is_terminal_; }
  enum class Event { kLine, kInterrupt, kEnd };
  /// Waits for a line, without its newline; a terminal is asked with "> ".
  /// @throws InputError for a line over 16 MB, IoError
  Event next(std::string& line);

 private:
  bool take_line(std::string& line);
  bool is_terminal_, at_end_ = false;
  std::string buffer_;
};

/// Thoughts are dimmed on a terminal, and control characters shown, so that no text can move its cursor. Elsewhere the
/// text is written as it is, but for bytes that are no UTF-8.
class ChatOutput {
 public:
  ChatOutput();
  void write(const data::TextPiece& piece);
  /// Ends the line.
  void end();

 private:
  void put(const std::string& text);
  bool is_terminal_, is_dim_ = false;
};

}  // namespace aha::tools
