// Which tokenizer a recipe or a model folder asks for.
#include "aha/data/tokenizer.h"

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/jsonl.h"
#include "data/byte_tokenizer.h"

namespace aha::data {
namespace {

constexpr uintmax_t kMaxTokenizerBytes = 256'000'000;
constexpr const char* kWhatIsRead = "only the byte tokenizer that aha saves is read";

}  // namespace

std::shared_ptr<const Tokenizer> make_byte_tokenizer() { return std::make_shared<ByteTokenizer>(); }

std::shared_ptr<const Tokenizer> load_tokenizer(const std::filesystem::path& folder) {
  const auto path = folder / "tokenizer.json";
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw InputError(folder.string(), std::string("has no tokenizer.json; ") + kWhatIsRead);
  }
  if (std::filesystem::file_size(path, error) > kMaxTokenizerBytes) {
    throw InputError(path.string(), std::string("is over 256 MB; ") + kWhatIsRead);
  }
  if (!is_byte_tokenizer(parse_json(read_file(path), path.string()))) {
    throw InputError(path.string(), std::string("is a tokenizer of another kind; ") + kWhatIsRead);
  }
  return make_byte_tokenizer();
}

std::shared_ptr<const Tokenizer> make_tokenizer(const TokenizerConfig& config) {
  if (config.kind == "byte") return make_byte_tokenizer();
  if (config.kind != "huggingface") {
    throw ConfigError("tokenizer.kind", "`" + config.kind + "` is not built; use byte, or huggingface with a path");
  }
  std::error_code error;
  if (config.path.empty() || !std::filesystem::exists(config.path, error)) {
    throw ConfigError("tokenizer.path", "there is no `" + config.path + "`; name a tokenizer folder");
  }
  return load_tokenizer(config.path);
}

}  // namespace aha::data
