// A reply while it is written: ids in, text out.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "data/text_stream.h"
#include "data/thought_splitter.h"
#include "verbs/chat_terminal.h"

namespace aha::tools {

class ChatReply {
 public:
  /// @param ends ids that are not text
  /// @param prompt whether a thought is open at its end decides what the reply starts with
  /// @param output null: nothing is shown
  ChatReply(std::shared_ptr<const data::Tokenizer> tokenizer, std::vector<int32_t> ends, std::string_view prompt,
            ChatOutput* output);
  /// All ids so far: shows what is new in them.
  void take(const std::vector<int32_t>& token_ids);
  /// Shows what was held back, and ends the line.
  void finish();
  const std::string& text() const { return text_; }
  int64_t num_tokens() const { return num_tokens_; }  ///< an end token included

 private:
  void show(const std::string& piece);
  std::vector<int32_t> ends_, text_ids_;
  data::TextStream stream_;
  data::ThoughtSplitter splitter_;
  ChatOutput* output_;
  std::string text_;
  int64_t num_tokens_ = 0;
};

/// Asks to stop once Ctrl-C has been pressed, be it while the prompt is read.
class StopOnInterrupt {
 public:
  explicit StopOnInterrupt(const Interrupts& interrupts);
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread watcher_;  // the last member: it ends first
};

}  // namespace aha::tools
