// Follows the ids, and hands their text on in whole characters.
#include "verbs/chat_reply.h"

#include <algorithm>
#include <chrono>

namespace aha::tools {
namespace {

constexpr auto kWatchPause = std::chrono::milliseconds(20);

}  // namespace

ChatReply::ChatReply(std::shared_ptr<const data::Tokenizer> tokenizer, std::vector<int32_t> ends,
                     std::string_view prompt, ChatOutput* output)
    : ends_(std::move(ends)),
      stream_(std::move(tokenizer)),
      splitter_(data::ends_in_thought(prompt)),
      output_(output) {}

void ChatReply::show(const std::string& piece) {
  text_ += piece;
  if (!output_) return;
  for (const data::TextPiece& part : splitter_.take(piece)) output_->write(part);
}

void ChatReply::take(const std::vector<int32_t>& token_ids) {
  num_tokens_ = std::ssize(token_ids);
  if (std::ranges::find(ends_, token_ids.back()) != ends_.end()) return;
  text_ids_ = token_ids;
  show(stream_.take(text_ids_));
}

void ChatReply::finish() {
  show(stream_.finish(text_ids_));
  if (!output_) return;
  output_->write(splitter_.finish());
  output_->end();
}

StopOnInterrupt::StopOnInterrupt(const Interrupts& interrupts)
    : watcher_([&interrupts, source = source_](const std::stop_token& done) mutable {
        for (; !done.stop_requested(); std::this_thread::sleep_for(kWatchPause)) {
          if (interrupts.count() > 0) source.request_stop();
        }
      }) {}

}  // namespace aha::tools
