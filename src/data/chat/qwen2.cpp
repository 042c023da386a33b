// Qwen2.5: ChatML with a default system message, functions in <tools> and calls in <tool_call>.
#include "data/chat/format.h"
#include "data/chat/qwen_tools.h"

namespace aha::data {
namespace {

struct Qwen2Release {
  const char* name;
  const char* default_system;
};

constexpr Qwen2Release kQwen2Releases[] = {
    {"qwen2", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."},
    {"qwen2_base", "You are a helpful assistant."},
    {"qwen2_math", "Please reason step by step, and put your final answer within \\boxed{}."},
};

class Qwen2Format final : public ChatTemplate {
 public:
  explicit Qwen2Format(const Qwen2Release& release) : release_(release) {}
  std::string name() const override { return release_.name; }

  std::vector<ChatSegment> render(const std::vector<Message>& messages, const Json& tools,
                                  bool add_generation_prompt) const override {
    check_not_empty(messages);
    ChatText text;
    write_system(text, messages.front(), tools);
    for (size_t i = 0; i < messages.size(); ++i) write_message(text, messages, i);
    if (add_generation_prompt) text.write("<|im_start|>assistant\n");
    return text.take();
  }

 private:
  void write_system(ChatText& text, const Message& first, const Json& tools) const {
    text.write("<|im_start|>system\n" + (first.role == "system" ? first.content : release_.default_system));
    if (has_tools(tools)) text.write("\n\n" + qwen_tools_text(tools));
    text.write("<|im_end|>\n");
  }

  static void write_message(ChatText& text, const std::vector<Message>& messages, size_t index) {
    const Message& message = messages[index];
    if (message.role == "tool") {
      write_qwen_tool_result(text, messages, index);
    } else if (message.role != "assistant") {
      if (message.role == "system" && index == 0) return;  // it stands in the head already
      text.write("<|im_start|>" + message.role + "\n" + message.content + "<|im_end|>\n");
    } else {
      write_assistant(text, message);
    }
  }

  static void write_assistant(ChatText& text, const Message& message) {
    text.write("<|im_start|>assistant\n");
    std::string body = message.content;
    for (const Json& call : message.tool_calls) {
      const ToolCall read = read_tool_call(call);
      if (!body.empty()) body += "\n";
      // Arguments given as a string come out as a JSON string here, as with Qwen2.5's own template.
      body += qwen_tool_call_text(read.name, python_json(read.arguments));
    }
    text.learn(body + "<|im_end|>");
    text.write("\n");
  }

  const Qwen2Release& release_;
};

}  // namespace

std::shared_ptr<const ChatTemplate> make_qwen2_format(const std::string& name) {
  for (const Qwen2Release& release : kQwen2Releases) {
    if (name == release.name) return std::make_shared<Qwen2Format>(release);
  }
  return nullptr;
}

}  // namespace aha::data
