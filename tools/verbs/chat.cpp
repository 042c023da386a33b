// aha chat: a conversation with a model, answers written as they come.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "aha/core/error.h"
#include "aha/data/template.h"
#include "core/utf8.h"
#include "data/foreign_text.h"
#include "verbs/chat_reply.h"
#include "verbs/chat_terminal.h"
#include "verbs/json_rows.h"
#include "verbs/model_options.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

constexpr char kHelp[] =
    "/reset   begins a new conversation\n"
    "/exit    leaves, as Ctrl-D does\n"
    "/help    prints this\n"
    "Ctrl-C   stops an answer; once more leaves. A space before the slash sends a line that starts with one.\n";

struct ChatArguments {
  std::filesystem::path model;
  std::string system, template_name = "auto";
  ModelOptions common;
  EngineFlags engine{.cache_mb = 1024};
  rollout::SamplingParams sampling{.max_completion_length = 2048, .temperature = 0.6, .top_p = 0.95};
};

void tell(const std::string& sentence) { std::fprintf(stderr, "%s\n", utf8::visible(sentence).c_str()); }

void print_json(const nlohmann::ordered_json& line) { write_rows("-", std::vector{line}); }

// What the folder says, where --template says auto.
std::string choose_template(const ChatArguments& arguments, const data::Tokenizer& tokenizer) {
  const std::string folder = arguments.model.string();
  if (arguments.template_name == "plain" || arguments.template_name == "r1_zero") return arguments.template_name;
  try {
    if (tokenizer.chat_template()) return "chat";
  } catch (const InputError& error) {
    throw InputError(folder, std::string(error.what()) + "; --template r1_zero or plain asks without it");
  }
  if (arguments.template_name == "chat") {
    throw InputError(folder, "has no chat template; --template r1_zero or plain asks without one");
  }
  tell(folder + " has no chat template: each line goes into the prompt of R1-Zero; --template plain sends it alone");
  return "r1_zero";
}

class Chat {
 public:
  Chat(const ChatArguments& arguments, std::shared_ptr<const data::Tokenizer> tokenizer, std::string template_name,
       const model::Model& model)
      : arguments_(arguments),
        tokenizer_(std::move(tokenizer)),
        template_(std::move(template_name)),
        config_(model.config()),
        engine_(model, tokenizer_, engine_options(arguments)) {
    const auto& ends = config_.eos_token_ids;
    ends_ = tokenizer_->eos_ids();
    ends_.insert(ends_.end(), ends.begin(), ends.end());
    reset();
  }
  /// Until the end of the input, or a command to leave.
  void run();

 private:
  static rollout::EngineOptions engine_options(const ChatArguments& arguments) {
    rollout::EngineOptions options = arguments.engine.options(arguments.common);
    options.max_sequences = 1;
    return options;
  }
  bool keeps_conversation() const { return template_ == "chat"; }
  void reset();
  bool obey(const std::string& command);
  void answer(const std::string& question);
  data::Prompt make_prompt(const std::string& question) const;
  int64_t room_for_reply(int64_t prompt_tokens) const;
  std::string reply_to(data::Prompt prompt);
  std::string write_reply(ChatReply& reply);
  void tell_cut(int64_t num_tokens, bool is_context_full) const;

  const ChatArguments& arguments_;
  std::shared_ptr<const data::Tokenizer> tokenizer_;
  std::string template_;
  const model::ModelConfig& config_;
  rollout::Engine engine_;
  std::vector<int32_t> ends_;
  std::vector<data::Message> messages_;
  uint64_t num_questions_ = 0;
  int64_t num_refused_ = 0;
  Interrupts interrupts_;
  ChatInput input_;
  ChatOutput output_;
};

void Chat::reset() {
  messages_.clear();
  if (!arguments_.system.empty()) messages_.push_back({"system", arguments_.system});
}

void Chat::run() {
  if (input_.is_terminal()) tell("/help lists the commands; Ctrl-D leaves");
  std::string line;
  while (true) {
    const ChatInput::Event event = input_.next(line);
    if (event == ChatInput::Event::kEnd) break;
    if (event == ChatInput::Event::kInterrupt) {
      tell("\nCtrl-C once more leaves");
      continue;
    }
    interrupts_.reset();
    if (line.starts_with('/')) {
      if (!obey(line)) return;
    } else if (line.find_first_not_of(" \t") != std::string::npos) {
      answer(line);
    }
  }
  if (input_.is_terminal()) return tell("");
  if (num_refused_ > 0) throw InputError("stdin", fmt::format("{} lines could not be answered", num_refused_));
}

bool Chat::obey(const std::string& command) {
  if (command == "/exit") return false;
  if (command == "/reset") {
    reset();
  } else if (command == "/help") {
    std::fputs(kHelp, stderr);
  } else {
    tell("there is no command " + data::shortened(command) + "; use /reset, /exit or /help");
  }
  return true;
}

void Chat::answer(const std::string& question) {
  ++num_questions_;
  try {
    if (data::first_invalid_utf8(question) != std::string::npos) throw InputError("the question", "is not UTF-8");
    std::string reply = reply_to(make_prompt(question));
    if (!keeps_conversation() || reply.empty()) return;
    messages_.push_back({"user", question});
    messages_.push_back({"assistant", std::move(reply)});
  } catch (const InputError& error) {
    ++num_refused_;
    arguments_.common.json ? print_json({{"error", error.what()}}) : tell(error.what());
  }
}

data::Prompt Chat::make_prompt(const std::string& question) const {
  data::Example example;
  if (keeps_conversation()) {
    example.messages = messages_;
    example.messages.push_back({"user", question});
  } else {
    example.prompt = question;
  }
  return data::make_prompt(example, /*id=*/0, template_, *tokenizer_);
}

int64_t Chat::room_for_reply(int64_t prompt_tokens) const {
  const int64_t context = config_.max_position_embeddings;
  if (prompt_tokens < context) return context - prompt_tokens;
  const bool is_first = messages_.empty() || messages_.back().role == "system";
  if (is_first) {
    throw InputError("the question",
                     fmt::format("has {} tokens with its template, and the model's context is {}; ask a "
                                 "shorter one",
                                 prompt_tokens, context));
  }
  throw InputError("the conversation", fmt::format("has {} tokens with this question, and the model's context is {}; "
                                                   "/reset begins a new one",
                                                   prompt_tokens, context));
}

void Chat::tell_cut(int64_t num_tokens, bool is_context_full) const {
  if (is_context_full) {
    tell(
        fmt::format("(the model's context of {} tokens is full; /reset begins anew)", config_.max_position_embeddings));
  } else {
    tell(fmt::format("(cut after {} tokens; --max-completion-length allows more)", num_tokens));
  }
}

// Until its end or Ctrl-C. @return how it ended
std::string Chat::write_reply(ChatReply& reply) {
  const StopOnInterrupt stop(interrupts_);
  rollout::GenerateOptions options{.stop = stop.token()};
  options.on_token = [&](int64_t, const data::Completion& completion) { reply.take(completion.token_ids); };
  std::string reason = "interrupted";
  try {
    reason = data::finish_reason_name(engine_.run(options)[0].completions[0].finish_reason);
  } catch (const StoppedError&) {  // what has been said stays said
  }
  reply.finish();
  return reason;
}

std::string Chat::reply_to(data::Prompt prompt) {
  rollout::SamplingParams params = arguments_.sampling;
  const int64_t room = room_for_reply(std::ssize(prompt.token_ids));
  params.max_completion_length = std::min(params.max_completion_length, room);
  check_prompt(prompt.token_ids, params.max_completion_length, config_, "the question");
  const bool is_json = arguments_.common.json;
  ChatReply reply(tokenizer_, ends_, prompt.text, is_json ? nullptr : &output_);
  engine_.submit({.prompt = std::move(prompt),
                  .params = params,
                  .key = {.seed = arguments_.common.seed, .stage = "chat", .step = num_questions_},
                  .begun = {}});
  const std::string reason = write_reply(reply);
  if (is_json) {
    print_json({{"text", reply.text()}, {"finish_reason", reason}, {"completion_tokens", reply.num_tokens()}});
  } else if (reason == "length") {
    tell_cut(reply.num_tokens(), params.max_completion_length == room);
  }
  return reply.text();
}

void chat(const ChatArguments& arguments) {
  const model::ModelConfig config = describe_config(arguments.model);
  auto tokenizer = need_tokenizer(arguments.model, "chat");
  check_options(arguments.sampling, arguments.engine, config, tokenizer);
  std::string template_name = choose_template(arguments, *tokenizer);
  if (template_name != "chat" && !arguments.system.empty()) {
    throw ConfigError("--system", "needs a chat template; the template " + template_name + " has no place for it");
  }
  const model::Model model = model::load(arguments.model, arguments.common.load());
  Chat(arguments, std::move(tokenizer), std::move(template_name), model).run();
}

}  // namespace

void add_chat(Command program) {
  auto arguments = std::make_shared<ChatArguments>();
  Command verb = program.add_subcommand("chat", "Talk to a model");
  verb.add_option("model", arguments->model, "model folder with a tokenizer").required();
  verb.add_option("--system", arguments->system, "the system message");
  verb.add_option("--template", arguments->template_name, "how a line becomes a prompt; auto: chat, if there is one")
      .one_of({"auto", "chat", "r1_zero", "plain"});
  add_sampling_options(verb, arguments->sampling);
  add_guide_options(verb, arguments->sampling);
  add_engine_options(verb, arguments->engine);
  add_model_options(verb, arguments->common);
  verb.footer(
      "Each line of stdin is a question. /help, /reset and /exit are commands; Ctrl-C stops an answer. Unless told "
      "otherwise\ntemperature is 0.6, top-p 0.95, and an answer has at most 2048 tokens. With --json an answer is one "
      "line of JSON.\n"
      "Example:\n  aha chat checkpoints/qwen2.5-0.5b --dtype bfloat16 --system \"Answer in one sentence.\"");
  verb.callback([arguments] { chat(*arguments); });
}

}  // namespace aha::tools
