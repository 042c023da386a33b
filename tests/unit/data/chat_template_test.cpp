// Chats in the formats of the model families, written out by hand, and how each format is recognised.
#include "aha/data/chat_template.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aha/core/error.h"

namespace aha::data::chat_template_test {
namespace {

using Json = nlohmann::ordered_json;

const ChatTokens kTokens = {"<bos>", "<eos>"};

// What an assistant wrote stands between « and ».
std::string marked(const std::vector<ChatSegment>& segments) {
  std::string text;
  for (const ChatSegment& segment : segments) text += segment.is_assistant ? "«" + segment.text + "»" : segment.text;
  return text;
}

std::string render(const std::string& format, const std::vector<Message>& messages, bool asks = false,
                   const Json& tools = {}) {
  return marked(make_chat_template(format, kTokens)->render(messages, tools, asks));
}

template <class Error = InputError>
std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

Message calling(const std::string& content, const std::string& calls) {
  return {.role = "assistant", .content = content, .tool_calls = Json::parse(calls)};
}

const std::vector<Message> kTwoTurns = {{"system", "s"}, {"user", "a"}, {"assistant", "b"}, {"user", "c"}};
const Json kTools =
    Json::parse(R"([{"type":"function","function":{"name":"add","parameters":{"z":1,"a":[1.0,"é"],"none":{}}}}])");
const std::string kCall = R"([{"type":"function","function":{"name":"add","arguments":{"y":2,"x":1}}}])";

TEST(ChatTemplate, PlainTurnsOfEveryFormat) {
  const std::pair<const char*, const char*> expected[] = {
      {"aha", "<|system|>s<|user|>a<|assistant|>«b<eos>»<|user|>c<|assistant|>"},
      {"chatml",
       "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n«b<|im_end|>»\n"
       "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n"},
      {"deepseek_v2", "<bos>s\n\nUser: a\n\nAssistant: «b<eos>»User: c\n\nAssistant:"},
      {"deepseek_v3", "<bos>s<｜User｜>a<｜Assistant｜>«b<｜end▁of▁sentence｜>»<｜User｜>c<｜Assistant｜>"},
      {"deepseek_r1", "<bos>s<｜User｜>a<｜Assistant｜>«b<｜end▁of▁sentence｜>»<｜User｜>c<｜Assistant｜><think>\n"},
      {"llama3",
       "<bos><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 Jul "
       "2024\n\ns<|eot_id|><|start_header_id|>user<|end_header_id|>\n\na<|eot_id|><|start_header_id|>assistant"
       "<|end_header_id|>\n\n«b<|eot_id|>»<|start_header_id|>user<|end_header_id|>\n\nc<|eot_id|>"
       "<|start_header_id|>assistant<|end_header_id|>\n\n"},
      {"qwen2",
       "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n«b<|im_end|>»\n"
       "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n"},
      {"qwen3",
       "<|im_start|>system\ns<|im_end|>\n<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n«b<|im_end|>»\n"
       "<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n"}};
  for (const auto& [format, text] : expected) EXPECT_EQ(render(format, kTwoTurns, /*asks=*/true), text) << format;
}

TEST(ChatTemplate, QwenTellsWhoItIsWhereNobodyElseDoes) {
  const std::string rest = "<|im_end|>\n<|im_start|>user\na<|im_end|>\n";
  const std::vector<Message> messages = {{"user", "a"}};
  EXPECT_EQ(render("qwen2", messages),
            "<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant." + rest);
  EXPECT_EQ(render("qwen2_base", messages), "<|im_start|>system\nYou are a helpful assistant." + rest);
  EXPECT_EQ(render("qwen2_math", messages),
            "<|im_start|>system\nPlease reason step by step, and put your final answer within \\boxed{}." + rest);
  EXPECT_EQ(render("qwen2_0", messages), "<|im_start|>system\nYou are a helpful assistant." + rest);
  EXPECT_EQ(render("qwen3", messages), "<|im_start|>user\na<|im_end|>\n");
}

const char* const kQwenTools =
    "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou are provided with function "
    "signatures within <tools></tools> XML tags:\n<tools>\n{\"type\": \"function\", \"function\": {\"name\": \"add\", "
    "\"parameters\": {\"z\": 1, \"a\": [1.0, \"é\"], \"none\": {}}}}\n</tools>\n\nFor each function call, return a "
    "json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": "
    "<function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n";

TEST(ChatTemplate, QwenCallsFunctions) {
  const std::vector<Message> messages = {{"system", "s"}, {"user", "a"}, calling("so", kCall),
                                         {"tool", "3"},   {"tool", "4"}, {"assistant", "7"}};
  const std::string turns =
      "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n«so\n<tool_call>\n{\"name\": \"add\", \"arguments\": "
      "{\"y\": 2, \"x\": 1}}\n</tool_call><|im_end|>»\n<|im_start|>user\n<tool_response>\n3\n</tool_response>\n"
      "<tool_response>\n4\n</tool_response><|im_end|>\n<|im_start|>assistant\n";
  EXPECT_EQ(render("qwen2", messages, false, kTools),
            "<|im_start|>system\ns\n\n" + std::string(kQwenTools) + turns + "«7<|im_end|>»\n");
  EXPECT_EQ(render("qwen3_2507", messages, false, kTools),
            "<|im_start|>system\ns\n\n" + std::string(kQwenTools) + turns + "«7<|im_end|>»\n");
  EXPECT_EQ(render("qwen3", messages, false, kTools),
            "<|im_start|>system\ns\n\n" + std::string(kQwenTools) + turns + "«<think>\n\n</think>\n\n7<|im_end|>»\n");
  const std::string quoted = R"([{"name":"f","arguments":"{\"k\":1}"}])";
  EXPECT_EQ(render("qwen2_base", {{"system", "s"}, calling("", quoted)}),
            "<|im_start|>system\ns<|im_end|>\n<|im_start|>assistant\n«<tool_call>\n{\"name\": \"f\", \"arguments\": "
            "\"{\\\"k\\\":1}\"}\n</tool_call><|im_end|>»\n");
  EXPECT_EQ(render("qwen3", {{"user", "a"}, {"assistant", "b"}, {"user", "c"}, calling("", quoted), {"user", "d"}}),
            "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n«b<|im_end|>»\n<|im_start|>user\nc<|im_end|>\n"
            "<|im_start|>assistant\n«<tool_call>\n{\"name\": \"f\", \"arguments\": {\"k\":1}}\n</tool_call><|im_end|>»"
            "\n<|im_start|>user\nd<|im_end|>\n");
}

TEST(ChatTemplate, Qwen3ThinksAfterTheLastQuestionOnly) {
  const Message thinking = {.role = "assistant", .content = "b", .reasoning_content = "\nwhy\n"};
  const std::string shown = "<|im_start|>assistant\n«<think>\nwhy\n</think>\n\nb<|im_end|>»\n";
  EXPECT_EQ(render("qwen3", {{"user", "a"}, thinking}), "<|im_start|>user\na<|im_end|>\n" + shown);
  EXPECT_EQ(render("qwen3", {{"user", "a"}, {"assistant", "<think>\nwhy\n</think>\n\nb"}}),
            "<|im_start|>user\na<|im_end|>\n" + shown);
  EXPECT_EQ(render("qwen3", {{"user", "a"}, {"assistant", "<think>why</think>b"}, {"user", "c"}}),
            "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n«b<|im_end|>»\n<|im_start|>user\nc<|im_end|>\n");
  // A tool's answer wrapped by hand is no new question.
  EXPECT_EQ(
      render("qwen3", {{"user", "a"}, thinking, {"user", "<tool_response>\n1\n</tool_response>"}}),
      "<|im_start|>user\na<|im_end|>\n" + shown + "<|im_start|>user\n<tool_response>\n1\n</tool_response><|im_end|>\n");
  EXPECT_EQ(render("qwen3_2507", {{"user", "a"}, {"assistant", "<think>why</think>b"}}),
            "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n«<think>why</think>b<|im_end|>»\n");
}

TEST(ChatTemplate, DeepseekR1LeavesThoughtsOut) {
  const std::vector<Message> messages = {{"user", "a"}, {"assistant", "<think>\nwhy\n</think>\nb"}};
  EXPECT_EQ(render("deepseek_r1", messages), "<bos><｜User｜>a<｜Assistant｜>«\nb<｜end▁of▁sentence｜>»");
  EXPECT_EQ(render("deepseek_r1_0528", messages), "<bos><｜User｜>a<｜Assistant｜>«\nb<｜end▁of▁sentence｜>»");
  EXPECT_EQ(render("deepseek_v3", messages),
            "<bos><｜User｜>a<｜Assistant｜>«<think>\nwhy\n</think>\nb<｜end▁of▁sentence｜>»");
}

TEST(ChatTemplate, DeepseekGathersSystemMessages) {
  const std::vector<Message> messages = {{"system", "s"}, {"user", "a"}, {"system", "t"}};
  EXPECT_EQ(render("deepseek_r1", messages), "<bos>s\n\nt<｜User｜>a");
  EXPECT_EQ(render("deepseek_v3", messages), "<bos>s\n\nt<｜User｜>a<｜Assistant｜>");
  EXPECT_EQ(render("deepseek_r1_distill", messages), "<bos>t<｜User｜>a");
}

TEST(ChatTemplate, DeepseekCallsFunctions) {
  const std::string two = R"([{"type":"function","function":{"name":"f","arguments":"{\"k\":1}"}},
                              {"type":"function","function":{"name":"g","arguments":{"k":2}}}])";
  const std::vector<Message> messages = {
      {"user", "a"}, calling("so", two), {"tool", "1"}, {"tool", "2"}, {"assistant", "b"}};
  const std::string calls =
      "«so<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"k\":1}\n```<"
      "｜tool▁call▁end｜>\n"
      "<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{\"k\": 2}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
      "<｜end▁of▁sentence｜>»";
  const auto outputs = [](const std::string& between) {
    return "<｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>1<｜tool▁output▁end｜>" + between +
           "<｜tool▁output▁begin｜>2<｜tool▁output▁end｜><｜tool▁outputs▁end｜>«b<｜end▁of▁sentence｜>»";
  };
  EXPECT_EQ(render("deepseek_v3", messages), "<bos><｜User｜>a<｜Assistant｜>" + calls + outputs("\n"));
  EXPECT_EQ(render("deepseek_r1", messages), "<bos><｜User｜>a<｜Assistant｜>" + calls + outputs(""));
  // Outputs that wait for a reply close their list, and ask for nothing.
  EXPECT_TRUE(render("deepseek_r1", {messages.begin(), messages.end() - 1}, true).ends_with("<｜tool▁outputs▁end｜>"));
}

TEST(ChatTemplate, Llama3DatesAndTrims) {
  EXPECT_EQ(render("llama3", {{"user", " a\n"}, {"assistant", "\u3000b "}}),
            "<bos><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\nToday Date: 26 "
            "Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\na<|eot_id|><|start_header_id|>assistant"
            "<|end_header_id|>\n\n«b<|eot_id|>»");
  EXPECT_EQ(render("llama3_0", {{"system", " s "}, {"user", "a"}}, true),
            "<bos><|start_header_id|>system<|end_header_id|>\n\ns<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n"
            "a<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
}

TEST(ChatTemplate, Llama3CallsFunctions) {
  const Json tools = Json::parse(R"([{"name":"add","list":[1,2],"none":[]}])");
  EXPECT_EQ(render("llama3", {{"user", "a"}, calling("dropped", kCall), {"tool", "3 \"é\""}}, false, tools),
            "<bos><|start_header_id|>system<|end_header_id|>\n\nEnvironment: ipython\nCutting Knowledge Date: December "
            "2023\nToday Date: 26 Jul 2024\n\n<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nGiven the "
            "following functions, please respond with a JSON for a function call with its proper arguments that best "
            "answers the given prompt.\n\nRespond in the format {\"name\": function name, \"parameters\": dictionary "
            "of argument name and its value}.Do not use variables.\n\n{\n    \"name\": \"add\",\n    \"list\": [\n"
            "        1,\n        2\n    ],\n    \"none\": []\n}\n\na<|eot_id|><|start_header_id|>assistant"
            "<|end_header_id|>\n\n«{\"name\": \"add\", \"parameters\": {\"y\": 2, \"x\": 1}}<|eot_id|>»"
            "<|start_header_id|>ipython<|end_header_id|>\n\n\"3 \\\"é\\\"\"<|eot_id|>");
  EXPECT_EQ(message_of([&] {
              render("llama3", {{"user", "a"}, calling("", R"([{"name":"f"},{"name":"g"}])")});
            }),
            "messages.tool_calls: the chat format llama3 writes one call a message; split them");
  EXPECT_EQ(message_of([&] {
              render("llama3", {{"system", "a"}}, false, tools);
            }),
            "messages: has no message that the functions could be written into; add the user's");
}

// The digits of Python's repr(): shortest, with an exponent below 1e-4 and from 1e16 on.
TEST(ChatTemplate, WritesNumbersAsPythonDoes) {
  const std::string numbers = R"([{"name":"f","arguments":{"a":1e-7,"b":0.0001,"c":1e16,"d":123456789012345.0,
      "e":-0.0,"f":12.5,"g":5e-324,"h":1e15,"i":18446744073709551615,"j":-3,"k":true,"l":null,"m":"\u0001\u007f/"}}])";
  EXPECT_EQ(render("qwen3_2507", {{"user", ""}, calling("", numbers)}),
            "<|im_start|>user\n<|im_end|>\n<|im_start|>assistant\n«<tool_call>\n{\"name\": \"f\", \"arguments\": "
            "{\"a\": 1e-07, \"b\": 0.0001, \"c\": 1e+16, \"d\": 123456789012345.0, \"e\": -0.0, \"f\": 12.5, \"g\": "
            "5e-324, \"h\": 1000000000000000.0, \"i\": 18446744073709551615, \"j\": -3, \"k\": true, \"l\": null, "
            "\"m\": \"\\u0001\x7f/\"}}\n</tool_call><|im_end|>»\n");
}

TEST(ChatTemplate, RefusesWhatAFormatCannotSay) {
  EXPECT_EQ(message_of([] { render("qwen2", {}); }), "messages: is empty; a chat needs at least one message");
  EXPECT_EQ(message_of([] {
              render("deepseek_r1", {{"user", "a"}}, false, kTools);
            }),
            "tools: the chat format deepseek_r1 has none; leave them out");
  for (const char* format : {"aha", "chatml", "deepseek_v2", "deepseek_r1_distill", "llama3_0", "qwen2_0"}) {
    const std::string sentence = std::string("the chat format ") + format + " has none; leave them out";
    EXPECT_EQ(message_of([&] { render(format, {{"user", "a"}}, false, kTools); }), "tools: " + sentence);
    EXPECT_EQ(message_of([&] { render(format, {calling("", kCall)}); }), "messages.tool_calls: " + sentence);
  }
  EXPECT_EQ(message_of([] {
              render("deepseek_r1_distill", {{"tool", "x"}});
            }),
            "messages: the chat format deepseek_r1_distill has no role tool; leave it out");
  EXPECT_EQ(message_of([] {
              render("qwen2", {{"user", "a"}}, false, Json::object({{"a", 1}}));
            }),
            "tools: is a JSON object; it must be a list of functions");
  EXPECT_EQ(message_of([] { render("qwen2", {calling("", R"([{"function":{"arguments":{}}}])")}); }),
            "messages.tool_calls: holds a call without a function name");
  EXPECT_EQ(message_of([] { render("qwen2", {calling("", R"([{"name":"f","arguments":[1]}])")}); }),
            "messages.tool_calls: the arguments of `f` must be an object, or a string that holds one");
  EXPECT_EQ(message_of<ConfigError>([] { make_chat_template("qwen4", {}); }),
            "tokenizer.chat_template: no format is called `qwen4`; did you mean `qwen2`?");
}

ChatPieces pieces() {
  ChatPieces pieces;
  pieces.start = "^";
  pieces.system = "S[{content}]";
  pieces.user = "U[{content}]";
  pieces.assistant = "A[{content}]!";
  return pieces;
}

TEST(CustomChat, PutsPiecesAroundMessages) {
  const auto format = make_chat_template(pieces());
  EXPECT_EQ(marked(format->render(kTwoTurns, {}, true)), "^S[s]U[a]A[«b]!»U[c]A[");
  ChatPieces thinking = pieces();
  thinking.generation_prompt = "A[<think>";
  EXPECT_EQ(marked(make_chat_template(thinking)->render({{"user", "a"}}, {}, true)), "^U[a]A[<think>");
  EXPECT_EQ(message_of([&] {
              format->render({{"tool", "x"}}, {}, false);
            }),
            "messages: the recipe's tokenizer.chat_pieces has no `tool`; add it");
}

TEST(CustomChat, RefusesPiecesThatCannotServe) {
  ChatPieces without = pieces(), twice = pieces(), missing = pieces();
  without.user = "U";
  twice.system = "{content}{content}";
  missing.assistant = "";
  EXPECT_EQ(message_of<ConfigError>([&] { make_chat_template(without); }),
            "tokenizer.chat_pieces.user: must hold {content}, where the message's text goes");
  EXPECT_EQ(message_of<ConfigError>([&] { make_chat_template(twice); }),
            "tokenizer.chat_pieces.system: holds {content} twice; a message is written once");
  EXPECT_EQ(message_of<ConfigError>([&] { make_chat_template(missing); }),
            "tokenizer.chat_pieces.assistant: is missing; chat_template: custom needs it");
}

TEST(RecogniseChatTemplate, GoesByMarks) {
  EXPECT_EQ(recognise_chat_template(
                "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
                "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}"
                "{% endif %}"),
            "chatml");
  EXPECT_EQ(recognise_chat_template("{{ bos_token }}{% for message in messages %}{{ 'User: ' + message['content'] + "
                                    "'\\n\\n' }}{{ 'Assistant: ' + message['content'] + eos_token }}{% endfor %}"
                                    "{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"),
            "deepseek_v2");
  // A format that resembles a known one is not that one.
  for (const char* other :
       {"", "{{ messages }}",
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + "
        "'\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n<think>\\n' }}{% endif %}",
        "<｜User｜><｜Assistant｜>", "<|start_header_id|><|eot_id|>"}) {
    EXPECT_EQ(recognise_chat_template(other), "") << other;
  }
}

TEST(RecogniseChatTemplate, KnowsOurOwn) {
  for (const std::string& name : chat_template_names()) {
    EXPECT_EQ(make_chat_template(name, kTokens)->name(), name);
  }
  EXPECT_EQ(chat_template_choices().front(), "auto");
  EXPECT_EQ(chat_template_choices().back(), "custom");
}

}  // namespace
}  // namespace aha::data::chat_template_test
