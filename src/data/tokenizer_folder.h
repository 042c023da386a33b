// The small files around a tokenizer: which tokens begin and end a text, the chat template, and all of it as read.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aha/data/chat_template.h"

namespace aha::data {

/// Ids that the folder's files name. -1 and an empty list where there is none.
struct NamedTokens {
  std::vector<int32_t> eos;  // the tokenizer's own first, then those of generation_config.json
  int32_t bos = -1, pad = -1;
};

bool is_file(const std::filesystem::path& path);  ///< a regular one

struct TokenizerFolder {
  std::filesystem::path path;                              // of the folder
  std::vector<std::pair<std::string, std::string>> files;  // name and bytes, of each tokenizer file there is
  std::string bos, eos, pad;                               // "" where none is named
  std::optional<bool> add_bos, add_eos;                    // add_bos_token: rules over the post-processor
  std::vector<int64_t> generation_eos;
  std::string chat_template;  // Jinja, "" for none

  /// The bytes of a file, or null.
  const std::string* file(std::string_view name) const;
  /// Looks the named tokens up. @param id_of gives -1 for a text that is no token; ids are below num_ids
  NamedTokens named_tokens(const std::function<int32_t(const std::string&)>& id_of, int64_t num_ids) const;
  /// Null without a template. @throws InputError for one that is not known
  std::shared_ptr<const ChatTemplate> make_chat_template() const;
  /// Writes all files again, byte for byte.
  void save(const std::filesystem::path& target) const;
};

/// @param path of a folder; or of a file, which then is read under `file_name`, with the other files beside it if that
/// is its own name. Model weights are not touched.
/// @throws InputError for a file over 256 MB, one that is no JSON, or fields of a wrong type
TokenizerFolder read_tokenizer_folder(const std::filesystem::path& path, const std::string& file_name);

}  // namespace aha::data
