// Which tokenizer a recipe or a model folder asks for.
#include "aha/data/tokenizer.h"

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/jsonl.h"
#include "data/bpe/bpe_tokenizer.h"
#include "data/byte_tokenizer.h"
#include "data/sentencepiece_tokenizer.h"
#include "data/tokenizer_folder.h"

namespace aha::data {
namespace {

constexpr const char* kJsonName = "tokenizer.json";
constexpr const char* kModelName = "tokenizer.model";

// Such a file stands beside a tokenizer.model that says the same.
bool is_unigram(const nlohmann::json& json) {
  const auto model = json.is_object() ? json.find("model") : json.end();
  return model != json.end() && model->is_object() && model->contains("type") && (*model)["type"] == "Unigram";
}

std::shared_ptr<const Tokenizer> load_json(const std::filesystem::path& path,
                                           std::shared_ptr<const ChatTemplate> chat_template) {
  TokenizerFolder folder = read_tokenizer_folder(path, kJsonName);
  const std::string place = (is_file(path) ? path : path / kJsonName).string();
  const nlohmann::json json = parse_json(*folder.file(kJsonName), place);
  if (!chat_template && is_byte_tokenizer(json)) return make_byte_tokenizer();
  if (is_unigram(json) && folder.file(kModelName)) return load_sentencepiece(folder.path, std::move(chat_template));
  return std::make_shared<bpe::BpeTokenizer>(json, place, std::move(folder), std::move(chat_template));
}

// What a recipe has instead of the folder's own format; null for auto.
std::shared_ptr<const ChatTemplate> template_of(const TokenizerConfig& config, const std::filesystem::path& path) {
  if (config.chat_template == "auto") return nullptr;
  if (config.chat_template == "custom") return make_chat_template(config.chat_pieces);
  // A format starts and ends with the tokenizer's own tokens, which only the tokenizer knows.
  const auto tokenizer = load_tokenizer(path);
  const auto text_of = [&](int32_t id) { return id < 0 ? "" : tokenizer->decode({id}); };
  const std::vector<int32_t> ends = tokenizer->eos_ids();
  return make_chat_template(config.chat_template,
                            {.bos = text_of(tokenizer->bos_id()), .eos = text_of(ends.empty() ? -1 : ends[0])});
}

}  // namespace

std::shared_ptr<const Tokenizer> make_byte_tokenizer() { return std::make_shared<ByteTokenizer>(); }

bool has_tokenizer(const std::filesystem::path& folder) {
  std::error_code error;
  return std::filesystem::exists(folder / "tokenizer.json", error) ||
         std::filesystem::exists(folder / "tokenizer.model", error);
}

RenderedChat Tokenizer::render_chat(const std::vector<Message>& messages, bool add_generation_prompt,
                                    const nlohmann::ordered_json& tools) const {
  const auto format = chat_template();
  if (!format) {
    throw InputError("chat template",
                     "this tokenizer has none; name one in the recipe: tokenizer: {chat_template: qwen2}, or llama3, "
                     "deepseek_v3, chatml, …");
  }
  RenderedChat chat;
  std::vector<std::pair<int64_t, bool>> ends;  // of each segment, and whether it is the assistant's
  for (const ChatSegment& segment : format->render(messages, tools, add_generation_prompt)) {
    chat.text += segment.text;
    ends.emplace_back(std::ssize(chat.text), segment.is_assistant);
  }
  EncodedText encoded = encode_with_offsets(chat.text);
  auto segment = ends.begin();
  for (const int64_t begin : encoded.begins) {
    while (begin >= segment->first && segment + 1 != ends.end()) ++segment;
    chat.assistant_mask.push_back(segment->second);
  }
  chat.token_ids = std::move(encoded.token_ids);
  return chat;
}

std::vector<int32_t> Tokenizer::encode_prompt(std::string_view text) const {
  std::vector<int32_t> ids = prefix_ids();
  const std::vector<int32_t> rest = encode(text);
  ids.insert(ids.end(), rest.begin(), rest.end());
  return ids;
}

std::shared_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& path,
                                                std::shared_ptr<const ChatTemplate> chat_template) {
  const bool is_folder = !is_file(path);
  if (is_file(is_folder ? path / kJsonName : path) && (is_folder || path.extension() == ".json")) {
    return load_json(path, std::move(chat_template));
  }
  if (is_folder && !is_file(path / kModelName)) {
    throw InputError(path.string(), "has neither tokenizer.json nor tokenizer.model; name a folder with one");
  }
  return load_sentencepiece(path, std::move(chat_template));
}

std::shared_ptr<const Tokenizer> make_tokenizer(const TokenizerConfig& config) {
  if (config.kind == "byte") return make_byte_tokenizer();
  if (config.kind != "huggingface" && config.kind != "sentencepiece") {
    throw ConfigError("tokenizer.kind", "`" + config.kind + "` is not known; use byte, huggingface or sentencepiece");
  }
  std::error_code error;
  if (config.path.empty() || !std::filesystem::exists(config.path, error)) {
    throw ConfigError("tokenizer.path", "there is no `" + config.path + "`; name a tokenizer folder");
  }
  std::filesystem::path path = config.path;
  if (config.kind == "sentencepiece" && is_file(path / kModelName)) path /= kModelName;  // also beside a tokenizer.json
  return load_tokenizer(path, template_of(config, path));
}

}  // namespace aha::data
