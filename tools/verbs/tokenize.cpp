// aha tokenize: text to ids, ids to text, chats to both; and tokenizers learned from text.
#include <cstdio>
#include <memory>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/jsonl.h"
#include "aha/data/tokenizer_training.h"
#include "verbs/json_rows.h"
#include "verbs/model_options.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct TokenizeArguments {
  std::filesystem::path model;
  std::vector<std::filesystem::path> corpus;
  data::TokenizerTraining training;
  FileOptions files;
  ModelOptions common;
  bool decode = false, chat = false;
};

std::shared_ptr<const data::Tokenizer> open_tokenizer(const std::filesystem::path& model) {
  std::error_code error;
  if (model == "byte" && !std::filesystem::exists(model, error)) return data::make_byte_tokenizer();
  if (std::filesystem::is_regular_file(model, error)) return data::load_tokenizer(model);
  return need_tokenizer(model, "tokenize");
}

// What the tokenizer gives for a text on its own: its post-processor's tokens stand around it.
std::vector<int32_t> encode_whole(const data::Tokenizer& tokenizer, const std::string& text) {
  std::vector<int32_t> ids = tokenizer.encode_prompt(text);
  const std::vector<int32_t> suffix = tokenizer.suffix_ids();
  ids.insert(ids.end(), suffix.begin(), suffix.end());
  return ids;
}

bool asks_for_a_reply(const Row& row) {
  const ordered_json* asks = row.find("add_generation_prompt");
  if (asks && !asks->is_boolean()) throw InputError(row.place, "`add_generation_prompt` must be true or false");
  return asks && asks->get<bool>();
}

void fill(ordered_json& answer, const Row& row, const data::Tokenizer& tokenizer, const TokenizeArguments& arguments) {
  if (arguments.decode) {
    answer["text"] = tokenizer.decode(row.token_ids("input_ids", tokenizer.vocab_size()));
  } else if (arguments.chat) {
    const data::Example example = data::example_from_row(row.value, row.place);
    if (example.messages.empty()) throw InputError(row.place, "has no `messages`");
    const data::RenderedChat chat = tokenizer.render_chat(example.messages, asks_for_a_reply(row), example.tools);
    answer["text"] = chat.text;
    answer["input_ids"] = chat.token_ids;
    answer["assistant_mask"] = chat.assistant_mask;
  } else {
    answer["input_ids"] = encode_whole(tokenizer, row.text("text"));
  }
}

void train(const TokenizeArguments& arguments) {
  const std::filesystem::path& folder = arguments.files.output;
  if (!arguments.model.empty()) throw ConfigError("tokenize", "--train makes a tokenizer and takes no model folder");
  if (folder.empty()) throw ConfigError("--output", "is missing: name the folder that gets the tokenizer");
  std::error_code error;
  if (std::filesystem::exists(folder, error) && !std::filesystem::is_empty(folder, error)) {
    throw ConfigError("--output", "`" + folder.string() + "` is there already; name a new folder");
  }
  StagedFolder staged(folder);
  data::train_tokenizer(arguments.corpus, arguments.training, staged.path());
  staged.commit();
  const auto tokenizer = data::load_tokenizer(folder);
  const ordered_json answer = {
      {"folder", folder.string()}, {"kind", tokenizer->kind()}, {"vocab_size", tokenizer->vocab_size()}};
  std::printf("%s\n", arguments.common.json
                          ? answer.dump().c_str()
                          : fmt::format("{}: {} ids", folder.string(), tokenizer->vocab_size()).c_str());
}

void tokenize(const TokenizeArguments& arguments) {
  if (!arguments.corpus.empty()) return train(arguments);
  if (arguments.model.empty()) throw ConfigError("tokenize", "needs a model folder, or `byte`");
  const auto tokenizer = open_tokenizer(arguments.model);
  std::vector<ordered_json> answers;
  for (const Row& row : read_rows(arguments.files.input)) {
    answers.push_back(row.answer());
    fill(answers.back(), row, *tokenizer, arguments);
  }
  write_rows(arguments.files.output, answers);
}

void add_training_options(Command verb, TokenizeArguments& arguments) {
  const Option corpus =
      verb.add_option("--train", arguments.corpus, "learns a tokenizer from these text or JSONL files");
  verb.add_option("--kind", arguments.training.kind, "bpe: bytes, tokenizer.json; unigram: SentencePiece")
      .one_of({"bpe", "unigram"})
      .needs(corpus);
  verb.add_option("--vocab-size", arguments.training.vocab_size, "ids of the tokenizer that is learned")
      .positive()
      .needs(corpus);
}

}  // namespace

void add_tokenize(Command program) {
  auto arguments = std::make_shared<TokenizeArguments>();
  Command verb = program.add_subcommand("tokenize", "Text to token ids and back");
  verb.add_option("model", arguments->model, "model folder, tokenizer file, or `byte`");
  add_file_options(verb, arguments->files);
  const Option decode = verb.add_flag("--decode", arguments->decode, "ids to text");
  verb.add_flag("--chat", arguments->chat, "messages to text, ids and the mask of the assistant's tokens")
      .excludes(decode);
  add_training_options(verb, *arguments);
  add_model_options(verb, arguments->common);
  verb.footer(
      "Each line holds {\"text\"}; with --decode {\"input_ids\"}; with --chat {\"messages\"}, and tools and\n"
      "add_generation_prompt where they matter. --train writes a tokenizer folder to --output.\n"
      "Examples:\n  aha tokenize runs/smoke/02-zero/model --input texts.jsonl --output ids.jsonl\n"
      "  aha tokenize --train corpus.txt --kind bpe --vocab-size 8000 --output tokenizers/mine");
  verb.callback([arguments] { tokenize(*arguments); });
}

}  // namespace aha::tools
