// Compares two lists of calls, as bags or in order.
#include "reward/rules/tool_call_reward.h"

#include <algorithm>

#include "aha/core/error.h"
#include "reward/rules/json_answer.h"
#include "reward/rules/tool_calls.h"

namespace aha::reward {
namespace {

constexpr size_t kMostShown = 8, kShownBytes = 500;  // calls, and of each, in the detail

ToolCalls expected_calls(const data::Example& example) {
  const auto column = example.columns.find("tool_calls");
  if (column != example.columns.end() && !column->is_null()) {
    if (!column->is_string()) return tool_calls_of(*column);
    const JsonAnswer written = read_json(column->get_ref<const std::string&>());
    return written.value ? tool_calls_of(*written.value) : ToolCalls{std::nullopt, written.reason};
  }
  if (example.answer.empty()) return {std::nullopt, "there is neither a column `tool_calls` nor an `answer`"};
  const JsonAnswer written = read_json(example.answer);
  return written.value ? tool_calls_of(*written.value) : ToolCalls{std::nullopt, written.reason};
}

bool is_ordered(const data::Example& example) {
  const auto column = example.columns.find("tool_calls_in_order");
  return column != example.columns.end() && column->is_boolean() && column->get<bool>();
}

// Calls of `calls` that are not in `others`, each of which stands for one.
std::vector<ToolCall> calls_beyond(const std::vector<ToolCall>& calls, std::vector<ToolCall> others) {
  std::vector<ToolCall> beyond;
  for (const ToolCall& call : calls) {
    const auto twin = std::find(others.begin(), others.end(), call);
    if (twin == others.end()) {
      beyond.push_back(call);
    } else {
      others.erase(twin);
    }
  }
  return beyond;
}

std::string text_of(const ToolCall& call) {
  return nlohmann::json{{"name", call.name}, {"arguments", call.arguments}}.dump();
}

nlohmann::ordered_json shown(const std::vector<ToolCall>& calls) {
  nlohmann::ordered_json texts = nlohmann::ordered_json::array();
  for (size_t i = 0; i < std::min(calls.size(), kMostShown); ++i)
    texts.push_back(text_of(calls[i]).substr(0, kShownBytes));
  return texts;
}

Score verdict(std::optional<double> value, const char* name, const std::string& reason) {
  Score score;
  score.value = value;
  score.detail["verdict"] = name;
  if (!reason.empty()) score.detail["reason"] = reason;
  return score;
}

}  // namespace

Score ToolCallReward::score(const Submission& submission) const {
  const ToolCalls expected = expected_calls(submission.example);
  if (!expected.calls) return verdict(std::nullopt, "unparsable_gold", expected.reason);
  const ToolCalls given = read_tool_calls(submission.completion);
  if (!given.calls) return verdict(0.0, "unparsable", given.reason);
  const std::vector<ToolCall> missing = calls_beyond(*expected.calls, *given.calls);
  const std::vector<ToolCall> unexpected = calls_beyond(*given.calls, *expected.calls);
  const bool has_same = missing.empty() && unexpected.empty();
  const bool is_in_order = !is_ordered(submission.example) || *given.calls == *expected.calls;
  Score score = has_same && is_in_order ? verdict(1.0, "equal", "")
                                        : verdict(0.0, "different", has_same ? "the calls are in another order" : "");
  score.detail["missing"] = shown(missing);
  score.detail["unexpected"] = shown(unexpected);
  return score;
}

void ToolCallReward::check_example(const data::Example& example, const std::string& place) const {
  const ToolCalls expected = expected_calls(example);
  if (!expected.calls) throw InputError(place, "the expected tool calls cannot be read: " + expected.reason);
  const auto order = example.columns.find("tool_calls_in_order");
  if (order != example.columns.end() && !order->is_boolean() && !order->is_null())
    throw InputError(place, "`tool_calls_in_order` must be true or false");
}

std::string ToolCallReward::extract(const std::string& completion_text) const {
  const ToolCalls given = read_tool_calls(completion_text);
  if (!given.calls || given.calls->empty()) return "";
  std::string text;
  for (const ToolCall& call : *given.calls) text += text_of(call);
  return text;
}

}  // namespace aha::reward
