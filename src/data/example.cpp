// Rows of JSON as examples, in TRL's shapes.
#include "aha/data/example.h"

#include "aha/core/error.h"
#include "aha/data/jsonl.h"
#include "data/foreign_text.h"

namespace aha::data {
namespace {

using nlohmann::ordered_json;

bool has(const ordered_json& row, const char* key) { return row.contains(key) && !row[key].is_null(); }

[[noreturn]] void refuse_type(const std::string& place, const std::string& key, const ordered_json& value,
                              const std::string& wanted) {
  throw InputError(place, "`" + key + "` is a JSON " + value.type_name() + "; it must be " + wanted);
}

std::string text_field(const ordered_json& row, const char* key, const std::string& place) {
  if (!has(row, key)) return "";
  if (!row[key].is_string()) refuse_type(place, key, row[key], "a string");
  return row[key].get<std::string>();
}

std::string message_text(const ordered_json& item, const char* field, const std::string& key,
                         const std::string& place) {
  if (!has(item, field)) return "";
  if (!item[field].is_string()) refuse_type(place, key + "." + field, item[field], "a string");
  return item[field].get<std::string>();
}

ordered_json tool_calls_from(const ordered_json& item, const std::string& key, const std::string& place) {
  if (!has(item, "tool_calls")) return ordered_json::array();
  const ordered_json& calls = item["tool_calls"];
  if (!calls.is_array()) refuse_type(place, key + ".tool_calls", calls, "a list of function calls");
  return calls;
}

Message message_from(const ordered_json& item, const std::string& key, const std::string& place) {
  if (!item.is_object()) refuse_type(place, key, item, "an object with role and content");
  Message message{.role = message_text(item, "role", key, place),
                  .content = message_text(item, "content", key, place),
                  .reasoning_content = message_text(item, "reasoning_content", key, place),
                  .tool_calls = tool_calls_from(item, key, place)};
  if (!has(item, "role")) throw InputError(place, "`" + key + "` has no `role`");
  if (message.role != "system" && message.role != "user" && message.role != "assistant" && message.role != "tool") {
    throw InputError(place,
                     "`" + key + ".role` is `" + shortened(message.role) + "`; use system, user, assistant or tool");
  }
  // A turn that only calls functions may have no text of its own.
  if (!has(item, "content") && message.tool_calls.empty()) throw InputError(place, "`" + key + "` has no `content`");
  if (!message.tool_calls.empty() && message.role != "assistant") {
    throw InputError(place, "`" + key + ".tool_calls` stands in a message of the " + message.role +
                                "; only an assistant calls functions");
  }
  return message;
}

std::vector<Message> messages_from(const ordered_json& list, const std::string& key, const std::string& place) {
  if (!list.is_array()) refuse_type(place, key, list, "a list of messages");
  if (list.empty()) throw InputError(place, "`" + key + "` is empty; it must hold at least one message");
  std::vector<Message> messages;
  for (size_t i = 0; i < list.size(); ++i) {
    messages.push_back(message_from(list[i], key + "." + std::to_string(i), place));
  }
  return messages;
}

// A prompt and a completion are both strings, or both lists of messages.
void read_prompt(const ordered_json& row, const std::string& place, const char* completion, Example& example) {
  if (row["prompt"].is_string()) {
    example.prompt = row["prompt"].get<std::string>();
    example.completion = text_field(row, completion, place);
    return;
  }
  if (!row["prompt"].is_array()) refuse_type(place, "prompt", row["prompt"], "a string or a list of messages");
  example.messages = messages_from(row["prompt"], "prompt", place);
  if (!has(row, completion)) return;
  for (Message& message : messages_from(row[completion], completion, place)) {
    example.messages.push_back(std::move(message));
  }
}

// Numbers are taken as they are written, since many data sets keep numeric answers as numbers.
std::string answer_field(const ordered_json& row, const std::string& place) {
  const char* key = has(row, "answer") ? "answer" : "solution";
  if (!has(row, key)) return "";
  if (row[key].is_number() || row[key].is_boolean()) return row[key].dump();
  return text_field(row, key, place);
}

int64_t difficulty_field(const ordered_json& row, const std::string& place) {
  if (!has(row, "difficulty")) return 0;
  const ordered_json& value = row["difficulty"];
  const bool is_integer = value.is_number_integer() && !(value.is_number_unsigned() && value > INT64_MAX);
  if (!is_integer) refuse_type(place, "difficulty", value, "an integer (rename the column if it means something else)");
  return value.get<int64_t>();
}

ordered_json tools_field(const ordered_json& row, const std::string& place) {
  if (!has(row, "tools")) return ordered_json();
  if (!row["tools"].is_array()) refuse_type(place, "tools", row["tools"], "a list of function schemas");
  return row["tools"];
}

}  // namespace

Example example_from_row(const ordered_json& row, const std::string& place, const char* completion) {
  if (!row.is_object()) throw InputError(place, std::string("is a JSON ") + row.type_name() + "; it must be an object");
  Example example;
  if (has(row, "prompt")) {
    read_prompt(row, place, completion, example);
  } else if (has(row, "messages")) {
    example.messages = messages_from(row["messages"], "messages", place);
  } else if (has(row, "text")) {
    example.text = text_field(row, "text", place);
  } else {
    throw InputError(place, "has none of `prompt`, `messages` and `text`; a row needs one of them");
  }
  example.answer = answer_field(row, place);
  example.task = text_field(row, "task", place);
  example.difficulty = difficulty_field(row, place);
  example.tools = tools_field(row, place);
  example.columns = row;
  return example;
}

std::vector<Example> load_examples(const std::filesystem::path& path) {
  std::vector<Example> examples;
  read_jsonl(path, [&](int64_t line, const ordered_json& row) {
    examples.push_back(example_from_row(row, path.string() + ":" + std::to_string(line)));
    if (examples.back().task.empty()) examples.back().task = path.stem().string();
  });
  return examples;
}

}  // namespace aha::data
