// Reads tokenizer_config.json, special_tokens_map.json, generation_config.json and the chat template's files.
#include "data/tokenizer_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/jsonl.h"
#include "data/foreign_text.h"

namespace aha::data {
namespace {

using nlohmann::json;

constexpr uintmax_t kMaxFileBytes = 256'000'000;
constexpr const char* kFileNames[] = {
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json",     "merges.txt",      "chat_template.jinja",   "chat_template.json"};

std::string read_bounded(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::file_size(path, error) > kMaxFileBytes) throw InputError(path.string(), "is over 256 MB");
  return read_file(path);
}

// The member of an object, or null.
json member_or_null(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? json() : *found;
}

json object_of(const std::string& text, const std::string& place) {
  json value = parse_json(text, place);
  if (!value.is_object()) throw InputError(place, "must be a JSON object");
  return value;
}

// A token is a text, or an object that has it as its content.
std::string token_text(const json& value, const std::string& place) {
  if (value.is_null()) return "";
  const json content = value.is_object() ? member_or_null(value, "content") : value;
  if (!content.is_string()) throw InputError(place, "must be a token's text, or an object with its content");
  return content.get<std::string>();
}

void read_named_tokens(const json& file, const std::string& place, TokenizerFolder& folder) {
  for (const auto& [key, target] : {std::pair("bos_token", &folder.bos), std::pair("eos_token", &folder.eos),
                                    std::pair("pad_token", &folder.pad)}) {
    if (target->empty()) *target = token_text(member_or_null(file, key), place + ": " + key);
  }
}

std::optional<bool> optional_flag(const json& file, const char* key) {
  const json value = member_or_null(file, key);
  return value.is_boolean() ? std::optional(value.get<bool>()) : std::nullopt;
}

// A text, or a list of {"name", "template"} of which the default one counts.
std::string template_text(const json& value, const std::string& place) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) throw InputError(place, "must be a text, or a list of named templates");
  for (const json& entry : value) {
    if (!entry.is_object() || member_or_null(entry, "name") != "default") continue;
    if (const json text = member_or_null(entry, "template"); text.is_string()) return text.get<std::string>();
  }
  throw InputError(place, "has no template named `default`");
}

void read_chat_template(const json& config, const std::string& config_place, TokenizerFolder& folder) {
  if (const std::string* jinja = folder.file("chat_template.jinja")) {
    folder.chat_template = *jinja;
  } else if (const std::string* text = folder.file("chat_template.json")) {
    const std::string place = (folder.path / "chat_template.json").string();
    folder.chat_template =
        template_text(member_or_null(object_of(*text, place), "chat_template"), place + ": chat_template");
  } else {
    folder.chat_template = template_text(member_or_null(config, "chat_template"), config_place + ": chat_template");
  }
}

// eos_token_id: a number or a list of them.
void read_generation_config(const std::filesystem::path& path, TokenizerFolder& folder) {
  const json value = member_or_null(object_of(read_bounded(path), path.string()), "eos_token_id");
  if (value.is_null()) return;
  for (const json& id : value.is_array() ? value : json::array({value})) {
    if (!id.is_number_integer())
      throw InputError(path.string() + ": eos_token_id", "must be a number or a list of them");
    folder.generation_eos.push_back(id.get<int64_t>());
  }
}

}  // namespace

bool is_file(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

const std::string* TokenizerFolder::file(std::string_view name) const {
  for (const auto& [file_name, bytes] : files) {
    if (file_name == name) return &bytes;
  }
  return nullptr;
}

NamedTokens TokenizerFolder::named_tokens(const std::function<int32_t(const std::string&)>& id_of,
                                          int64_t num_ids) const {
  NamedTokens named;
  const auto id_of_named = [&](const std::string& text) { return text.empty() ? -1 : id_of(text); };
  named.bos = id_of_named(bos);
  named.pad = id_of_named(pad);
  if (const int32_t id = id_of_named(eos); id >= 0) named.eos.push_back(id);
  for (const int64_t id : generation_eos) {
    const bool is_known = std::find(named.eos.begin(), named.eos.end(), id) != named.eos.end();
    if (id >= 0 && id < num_ids && !is_known) named.eos.push_back(static_cast<int32_t>(id));
  }
  return named;
}

std::shared_ptr<const ChatTemplate> TokenizerFolder::make_chat_template() const {
  if (chat_template.empty()) return nullptr;
  const std::string name = recognise_chat_template(chat_template);
  if (name.empty()) {
    throw InputError(path.string(),
                     "has a chat template that is none of the known ones; say in the recipe which it is like, "
                     "tokenizer: {chat_template: chatml}, or give its text, tokenizer: {chat_template: custom, "
                     "chat_pieces: {user: …, assistant: …}}");
  }
  return data::make_chat_template(name, {.bos = bos, .eos = eos});
}

void TokenizerFolder::save(const std::filesystem::path& target) const {
  for (const auto& [name, bytes] : files) write_file_atomic(target / name, bytes);
}

TokenizerFolder read_tokenizer_folder(const std::filesystem::path& path, const std::string& file_name) {
  const bool is_single = is_file(path);
  TokenizerFolder folder;
  folder.path = is_single ? path.parent_path() : path;
  if (is_single && path.filename() != file_name) {
    folder.files.emplace_back(file_name, read_bounded(path));
    return folder;
  }
  for (const char* name : kFileNames) {
    if (is_file(folder.path / name)) folder.files.emplace_back(name, read_bounded(folder.path / name));
  }
  json config = json::object();
  const std::string config_place = (folder.path / "tokenizer_config.json").string();
  if (const std::string* text = folder.file("tokenizer_config.json")) {
    config = object_of(*text, config_place);
    read_named_tokens(config, config_place, folder);
    folder.add_bos = optional_flag(config, "add_bos_token");
    folder.add_eos = optional_flag(config, "add_eos_token");
  }
  if (const std::string* text = folder.file("special_tokens_map.json")) {
    const std::string place = (folder.path / "special_tokens_map.json").string();
    read_named_tokens(object_of(*text, place), place, folder);
  }
  read_chat_template(config, config_place, folder);
  if (const auto generation = folder.path / "generation_config.json"; is_file(generation)) {
    read_generation_config(generation, folder);
  }
  return folder;
}

}  // namespace aha::data
