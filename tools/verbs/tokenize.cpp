// aha tokenize: text to ids, ids to text, chats to both.
#include <memory>

#include "aha/core/error.h"
#include "aha/data/jsonl.h"
#include "verbs/json_rows.h"
#include "verbs/model_options.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct TokenizeArguments {
  std::filesystem::path model, corpus;
  FileOptions files;
  ModelOptions common;
  bool decode = false, chat = false;
};

std::shared_ptr<const data::Tokenizer> open_tokenizer(const std::filesystem::path& model) {
  std::error_code error;
  if (model == "byte" && !std::filesystem::exists(model, error)) return data::make_byte_tokenizer();
  return need_tokenizer(model, "tokenize");
}

void fill(ordered_json& answer, const Row& row, const data::Tokenizer& tokenizer, const TokenizeArguments& arguments) {
  if (arguments.decode) {
    answer["text"] = tokenizer.decode(row.token_ids("input_ids", tokenizer.vocab_size()));
  } else if (arguments.chat) {
    const data::Example example = data::example_from_row(row.value, row.place);
    if (example.messages.empty()) throw InputError(row.place, "has no `messages`");
    const data::RenderedChat chat = tokenizer.render_chat(example.messages, /*add_generation_prompt=*/false);
    answer["text"] = chat.text;
    answer["input_ids"] = chat.token_ids;
    answer["assistant_mask"] = chat.assistant_mask;
  } else {
    answer["input_ids"] = tokenizer.encode(row.text("text"));
  }
}

void tokenize(const TokenizeArguments& arguments) {
  if (!arguments.corpus.empty()) {
    throw ConfigError("--train",
                      "this program cannot train tokenizers; use the byte tokenizer (tokenizer: {kind: byte})");
  }
  if (arguments.model.empty()) throw ConfigError("tokenize", "needs a model folder, or `byte`");
  const auto tokenizer = open_tokenizer(arguments.model);
  std::vector<ordered_json> answers;
  for (const Row& row : read_rows(arguments.files.input)) {
    answers.push_back(row.answer());
    fill(answers.back(), row, *tokenizer, arguments);
  }
  write_rows(arguments.files.output, answers);
}

}  // namespace

void add_tokenize(CLI::App& program) {
  auto arguments = std::make_shared<TokenizeArguments>();
  CLI::App* verb = program.add_subcommand("tokenize", "Text to token ids and back");
  verb->add_option("model", arguments->model, "model folder, or `byte`");
  add_file_options(*verb, arguments->files);
  auto* decode = verb->add_flag("--decode", arguments->decode, "ids to text");
  verb->add_flag("--chat", arguments->chat, "messages to text, ids and the mask of the assistant's tokens")
      ->excludes(decode);
  verb->add_option("--train", arguments->corpus, "trains a tokenizer on this text (not in this version)");
  add_model_options(*verb, arguments->common);
  verb->footer("Example:\n  aha tokenize runs/smoke/02-zero/model --input texts.jsonl --output ids.jsonl");
  verb->callback([arguments] { tokenize(*arguments); });
}

}  // namespace aha::tools
