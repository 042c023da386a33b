// DeepSeek-V3 and R1: <｜User｜> and <｜Assistant｜>, thoughts of written replies left out by R1, calls and outputs.
#include "aha/core/error.h"
#include "data/chat/format.h"

namespace aha::data {
namespace {

constexpr std::string_view kUser = "<｜User｜>", kAssistant = "<｜Assistant｜>", kEnd = "<｜end▁of▁sentence｜>";
constexpr std::string_view kCallsBegin = "<｜tool▁calls▁begin｜>", kCallsEnd = "<｜tool▁calls▁end｜>";
constexpr std::string_view kOutputsBegin = "<｜tool▁outputs▁begin｜>", kOutputsEnd = "<｜tool▁outputs▁end｜>";

struct DeepseekRelease {
  const char* name;
  bool joins_system;         // several system messages: all, or only the last
  bool drops_thoughts;       // of replies that stand there already
  bool opens_thoughts;       // after the generation prompt
  bool has_calls;            // whether calls and outputs are written so that they can be read back
  bool asks_after_question;  // <｜Assistant｜> ends the user's turn, and each turn of calls starts afresh
};

constexpr DeepseekRelease kDeepseekReleases[] = {
    {"deepseek_v3_0", false, false, false, false, false},  // V3 of December 2024
    {"deepseek_v3", true, false, false, true, true},       // V3-0324
    {"deepseek_r1_0", false, true, false, false, false},   // R1's first days
    {"deepseek_r1", true, true, true, true, false},           {"deepseek_r1_0528", true, true, false, true, true},
    {"deepseek_r1_distill", false, true, true, false, false},
};

std::string call_text(const Json& call) {
  const ToolCall read = read_tool_call(call);
  return "<｜tool▁call▁begin｜>" + read.type + "<｜tool▁sep｜>" + read.name + "\n```json\n" +
         text_of_arguments(read.arguments) + "\n```<｜tool▁call▁end｜>";
}

// One chat, message by message. Quirks are the templates': R1 opens the list of calls and that of outputs only once.
class DeepseekChat {
 public:
  explicit DeepseekChat(const DeepseekRelease& release) : release_(release) {}

  void write_start(const std::vector<Message>& messages, const std::string& bos) {
    std::string system;
    bool is_first = true;
    for (const Message& message : messages) {
      if (message.role != "system") continue;
      system = is_first || !release_.joins_system ? message.content : system + "\n\n" + message.content;
      is_first = false;
    }
    text_.write(bos + system);
  }

  void write(const Message& message) {
    if (message.role == "system") return;
    awaits_reply_ = release_.asks_after_question && message.role == "user";
    if (message.role == "user") {
      write_question(message.content);
    } else if (message.role == "tool") {
      write_output(message.content);
    } else if (message.tool_calls.empty()) {
      write_reply(message.content);
    } else {
      write_calls(message);
    }
  }

  std::vector<ChatSegment> finish(bool add_generation_prompt) {
    if (is_output_) text_.write(kOutputsEnd);
    if (add_generation_prompt && !is_output_ && !awaits_reply_) {
      text_.write(kAssistant);
      if (release_.opens_thoughts) text_.write("<think>\n");
    }
    return text_.take();
  }

 private:
  void write_question(const std::string& content) {
    is_output_ = false;
    text_.write(kUser);
    text_.write(content);
    if (!release_.asks_after_question) return;
    text_.write(kAssistant);
    has_called_ = false;
  }

  void write_reply(const std::string& content) {
    const bool keeps_thoughts = !release_.drops_thoughts || (is_output_ && !release_.asks_after_question);
    if (is_output_) {
      text_.write(kOutputsEnd);
    } else if (!release_.asks_after_question) {
      text_.write(kAssistant);
    }
    is_output_ = false;
    text_.learn(keeps_thoughts ? std::string_view(content) : after_last(content, "</think>"));
    text_.learn(kEnd);
  }

  void write_calls(const Message& message) {
    if (release_.asks_after_question) {
      if (is_output_) text_.write(kOutputsEnd);
      has_called_ = false;
      has_output_ = false;
    } else if (!has_called_) {
      text_.write(kAssistant);
    }
    is_output_ = false;
    for (const Json& call : message.tool_calls) {
      if (has_called_) {
        text_.learn("\n");
      } else {
        const bool drops = release_.drops_thoughts && release_.asks_after_question;
        text_.learn(drops ? after_last(message.content, "</think>") : std::string_view(message.content));
        text_.learn(kCallsBegin);
      }
      has_called_ = true;
      text_.learn(call_text(call));
    }
    text_.learn(kCallsEnd);
    text_.learn(kEnd);
  }

  void write_output(const std::string& content) {
    if (!has_output_) {
      text_.write(kOutputsBegin);
    } else if (release_.asks_after_question) {
      text_.write("\n");
    }
    has_output_ = is_output_ = true;
    text_.write("<｜tool▁output▁begin｜>" + content + "<｜tool▁output▁end｜>");
  }

  const DeepseekRelease& release_;
  ChatText text_;
  bool has_called_ = false, has_output_ = false;  // since the lists were opened
  bool is_output_ = false;                        // outputs stand last
  bool awaits_reply_ = false;                     // <｜Assistant｜> stands there already
};

class DeepseekFormat final : public ChatTemplate {
 public:
  DeepseekFormat(const DeepseekRelease& release, ChatTokens tokens) : release_(release), tokens_(std::move(tokens)) {}
  std::string name() const override { return release_.name; }

  std::vector<ChatSegment> render(const std::vector<Message>& messages, const Json& tools,
                                  bool add_generation_prompt) const override {
    check_not_empty(messages);
    refuse_tools(tools, release_.has_calls ? std::vector<Message>() : messages, name());
    DeepseekChat chat(release_);
    chat.write_start(messages, tokens_.bos);
    for (const Message& message : messages) {
      if (message.role == "tool" && !release_.has_calls) {
        throw InputError("messages", "the chat format " + name() + " has no role tool; leave it out");
      }
      chat.write(message);
    }
    return chat.finish(add_generation_prompt);
  }

 private:
  const DeepseekRelease& release_;
  ChatTokens tokens_;
};

/// DeepSeek-V2 and V2-Lite: roles in words.
class DeepseekV2Format final : public ChatTemplate {
 public:
  explicit DeepseekV2Format(ChatTokens tokens) : tokens_(std::move(tokens)) {}
  std::string name() const override { return "deepseek_v2"; }

  std::vector<ChatSegment> render(const std::vector<Message>& messages, const Json& tools,
                                  bool add_generation_prompt) const override {
    refuse_tools(tools, messages, name());
    ChatText text;
    text.write(tokens_.bos);
    for (const Message& message : messages) {
      if (message.role == "tool") throw InputError("messages", "the chat format deepseek_v2 has no role tool");
      if (message.role == "system") text.write(message.content + "\n\n");
      if (message.role == "user") text.write("User: " + message.content + "\n\n");
      if (message.role != "assistant") continue;
      text.write("Assistant: ");
      text.learn(message.content + tokens_.eos);
    }
    if (add_generation_prompt) text.write("Assistant:");
    return text.take();
  }

 private:
  ChatTokens tokens_;
};

}  // namespace

std::shared_ptr<const ChatTemplate> make_deepseek_format(const std::string& name, const ChatTokens& tokens) {
  if (name == "deepseek_v2") return std::make_shared<DeepseekV2Format>(tokens);
  for (const DeepseekRelease& release : kDeepseekReleases) {
    if (name == release.name) return std::make_shared<DeepseekFormat>(release, tokens);
  }
  return nullptr;
}

}  // namespace aha::data
