// Tags first, bare JSON second.
#include "reward/rules/tool_calls.h"

#include <algorithm>
#include <utility>

#include "reward/extract.h"
#include "reward/rules/answer_part.h"
#include "reward/rules/json_answer.h"

namespace aha::reward {
namespace {

using nlohmann::json;

constexpr std::string_view kCallOpen = "<tool_call>", kCallClose = "</tool_call>";
constexpr size_t kMostCalls = 256;

ToolCalls no_calls(std::string reason) { return {std::nullopt, std::move(reason)}; }

// A call with a member more than these says something we would not compare.
bool has_only(const json& object, std::initializer_list<const char*> names) {
  for (const auto& member : object.items()) {
    if (std::find(names.begin(), names.end(), member.key()) == names.end()) return false;
  }
  return true;
}

std::optional<json> arguments_of(const json& call) {
  const auto given = call.contains("arguments") ? call.find("arguments") : call.find("parameters");
  if (given == call.end() || given->is_null()) return json::object();
  if (given->is_object()) return *given;
  if (!given->is_string()) return std::nullopt;
  const JsonAnswer written = read_json(given->get_ref<const std::string&>());
  return written.value && written.value->is_object() ? written.value : std::nullopt;
}

std::optional<ToolCall> call_of(const json& value) {
  if (!value.is_object()) return std::nullopt;
  const auto function = value.find("function");
  if (function != value.end() && function->is_object())
    return has_only(value, {"type", "id", "function"}) && !function->contains("function") ? call_of(*function)
                                                                                          : std::nullopt;
  const auto name = value.find("name");
  if (name == value.end() || !name->is_string() || !has_only(value, {"name", "arguments", "parameters", "id", "type"}))
    return std::nullopt;
  if (value.contains("arguments") && value.contains("parameters")) return std::nullopt;
  std::optional<json> arguments = arguments_of(value);
  if (!arguments) return std::nullopt;
  return ToolCall{name->get<std::string>(), *std::move(arguments)};
}

// False where the tags are not pairs.
bool cut_tagged(std::string_view text, std::vector<std::string_view>& found) {
  for (size_t place = 0;;) {
    const size_t open = text.find(kCallOpen, place), close = text.find(kCallClose, place);
    if (open == std::string_view::npos) return close == std::string_view::npos;
    if (close == std::string_view::npos || close < open) return false;
    const size_t begin = open + kCallOpen.size();
    const std::string_view content = text.substr(begin, close - begin);
    if (content.find(kCallOpen) != std::string_view::npos || found.size() == kMostCalls) return false;
    found.push_back(content);
    place = close + kCallClose.size();
  }
}

ToolCalls read_tagged(const std::vector<std::string_view>& contents) {
  std::vector<ToolCall> all;
  for (const std::string_view content : contents) {
    const JsonAnswer written = read_json(content);
    if (!written.value) return no_calls(written.reason);
    ToolCalls here = tool_calls_of(*written.value);
    if (!here.calls) return here;
    all.insert(all.end(), here.calls->begin(), here.calls->end());
  }
  return {std::move(all)};
}

}  // namespace

ToolCalls tool_calls_of(const json& value) {
  std::vector<ToolCall> calls;
  const json list = value.is_array() ? value : json::array({value});
  if (list.size() > kMostCalls) return no_calls("has more than 256 calls");
  for (const json& item : list) {
    std::optional<ToolCall> call = call_of(item);
    if (!call) return no_calls("a call is not {\"name\": …, \"arguments\": {…}}");
    calls.push_back(*std::move(call));
  }
  return {std::move(calls)};
}

ToolCalls read_tool_calls(std::string_view completion) {
  const AnswerPart part = answer_part(completion);
  if (!part.text) return no_calls(part.reason);
  std::vector<std::string_view> tagged;
  if (!cut_tagged(*part.text, tagged)) return no_calls("the <tool_call> tags are not pairs");
  if (!tagged.empty()) return read_tagged(tagged);
  const std::string_view text = trimmed(last_json_block(*part.text));
  if (text.empty() || (text.front() != '{' && text.front() != '[')) return {std::vector<ToolCall>()};
  const JsonAnswer written = read_json(text);
  return written.value ? tool_calls_of(*written.value) : no_calls(written.reason);
}

}  // namespace aha::reward
