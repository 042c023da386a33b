// Tells thoughts from what is said, while the text is still being written.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace aha::data {

struct TextPiece {
  std::string text;
  bool is_thought = false;
  bool operator==(const TextPiece&) const = default;
};

/// Cuts a growing text at <think> and </think>; the tags are the thought's. What may yet become a tag is held back.
class ThoughtSplitter {
 public:
  /// @param in_thought the prompt ended within a thought, as some chat formats have it
  explicit ThoughtSplitter(bool in_thought) : in_thought_(in_thought) {}
  std::vector<TextPiece> take(std::string_view text);
  /// What was held back.
  TextPiece finish() const { return {held_, in_thought_}; }

 private:
  std::string held_;
  bool in_thought_;
};

/// Whether a prompt leaves a thought open: it ends in <think>, white space aside.
bool ends_in_thought(std::string_view prompt);

}  // namespace aha::data
