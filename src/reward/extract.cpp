// Tags first, boxes second; every scan is linear, whatever the text.
#include "reward/extract.h"

#include <algorithm>
#include <vector>

namespace aha::reward {
namespace {

constexpr std::string_view kThinkOpen = "<think>", kThinkClose = "</think>";
constexpr std::string_view kAnswerOpen = "<answer>", kAnswerClose = "</answer>";
constexpr std::string_view kBox = "\\boxed";

Extraction none(std::string reason) { return {std::nullopt, std::move(reason)}; }

// Contents of the boxes that lie in no other box.
class BoxScanner {
 public:
  explicit BoxScanner(std::string_view text) : text_(text) {}

  std::vector<std::string_view> run() {
    for (size_t i = 0; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        i = open_box(i);
      } else if (text_[i] == '{') {
        ++depth_;
      } else if (text_[i] == '}') {
        close_brace(i);
      }
    }
    std::vector<std::string_view> contents;
    for (const Box& box : closed_) contents.push_back(text_.substr(box.begin, box.end - box.begin));
    return contents;
  }

 private:
  struct Box {
    size_t begin, end;
    int64_t depth;
  };

  // Returns the last byte that was read: the brace of a box, or the escaped character.
  size_t open_box(size_t backslash) {
    if (!text_.substr(backslash).starts_with(kBox)) return backslash + 1;
    size_t brace = backslash + kBox.size();
    while (brace < text_.size() && text_[brace] == ' ') ++brace;
    if (brace >= text_.size() || text_[brace] != '{') return backslash;
    open_.push_back({brace + 1, 0, ++depth_});
    return brace;
  }

  void close_brace(size_t place) {
    if (!open_.empty() && open_.back().depth == depth_) {
      Box box = open_.back();
      open_.pop_back();
      box.end = place;
      while (!closed_.empty() && closed_.back().begin > box.begin) closed_.pop_back();  // those inside it
      closed_.push_back(box);
    }
    depth_ = std::max<int64_t>(depth_ - 1, 0);
  }

  std::string_view text_;
  int64_t depth_ = 0;
  std::vector<Box> open_, closed_;
};

std::string without_spaces(std::string_view text) {
  std::string result;
  std::copy_if(text.begin(), text.end(), std::back_inserter(result), [](char c) { return !is_ascii_space(c); });
  return result;
}

Extraction from_boxes(std::string_view text) {
  const std::vector<std::string_view> boxes = BoxScanner(text).run();
  if (boxes.empty()) return none("no <answer> tags and no box");
  const std::string last = without_spaces(boxes.back());
  if (last.empty()) return none("the box is empty");
  for (const std::string_view box : boxes) {
    if (without_spaces(box) != last) return none("several boxes differ");
  }
  return {std::string(trimmed(boxes.back())), ""};
}

// What follows the last anchor of each line that has one; line by line, so that each byte is read once.
Extraction from_anchors(std::string_view text, std::string_view anchor) {
  std::optional<std::string_view> answer;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t place = line.rfind(anchor);
    if (place == std::string_view::npos) continue;
    const std::string_view found = trimmed(line.substr(place + anchor.size()));
    if (answer && found != *answer) return none("several anchored answers differ");
    answer = found;
  }
  if (!answer) return from_boxes(text);
  if (answer->empty()) return none("nothing follows the anchor");
  return {std::string(*answer), ""};
}

}  // namespace

bool is_ascii_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_ascii_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ascii_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> after_anchor(std::string_view text, std::string_view anchor) {
  const size_t place = anchor.empty() ? std::string_view::npos : text.rfind(anchor);
  if (place == std::string_view::npos) return std::nullopt;
  text.remove_prefix(place + anchor.size());
  return trimmed(text.substr(0, text.find('\n')));
}

Extraction extract_answer(std::string_view completion_text, std::string_view anchor) {
  if (completion_text.size() > kMaxCompletionBytes) return none("the completion is longer than 1 MB");
  std::string_view said = completion_text;
  const size_t think_end = said.rfind(kThinkClose);
  if (think_end != std::string_view::npos) {
    said.remove_prefix(think_end + kThinkClose.size());
  } else if (said.find(kThinkOpen) != std::string_view::npos) {
    return none("the reasoning does not end");
  }

  const size_t open = said.find(kAnswerOpen), close = said.find(kAnswerClose);
  if (open == std::string_view::npos && close == std::string_view::npos) {
    return anchor.empty() ? from_boxes(said) : from_anchors(said, anchor);
  }
  const bool is_pair = open != std::string_view::npos && close != std::string_view::npos && open < close &&
                       said.find(kAnswerOpen, open + 1) == std::string_view::npos &&
                       said.find(kAnswerClose, close + 1) == std::string_view::npos;
  if (!is_pair) return none("the <answer> tags are not one pair");
  const std::string_view content = trimmed(said.substr(open + kAnswerOpen.size(), close - open - kAnswerOpen.size()));
  if (content.empty()) return none("the answer is empty");
  if (content.find(kBox) != std::string_view::npos) return from_boxes(content);
  return {std::string(content), ""};
}

}  // namespace aha::reward
