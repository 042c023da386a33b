// Calls of functions that a model asks for.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aha::reward {

struct ToolCall {
  std::string name;
  nlohmann::json arguments;  // an object
  bool operator==(const ToolCall&) const = default;
};

/// Null where something looks like a call and is none: `reason` then says why.
struct ToolCalls {
  std::optional<std::vector<ToolCall>> calls;
  std::string reason = {};
};

/// One call or a list: {"name", "arguments"} ("parameters" in Llama's words), or OpenAI's {"type", "id", "function":
/// {"name", "arguments"}}. Arguments are an object, its JSON text, or absent. Other members are refused.
ToolCalls tool_calls_of(const nlohmann::json& value);

/// All calls of a completion after its reasoning, in order: those in <tool_call>…</tool_call>; without such tags, what
/// read_json_answer finds. A text that is no JSON object or list asks for nothing. At most 256 calls are read.
ToolCalls read_tool_calls(std::string_view completion);

}  // namespace aha::reward
