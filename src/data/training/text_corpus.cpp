// Reads corpora of plain text and of JSON lines, a text at a time.
#include "data/training/text_corpus.h"

#include <fstream>

#include "aha/core/error.h"
#include "aha/data/jsonl.h"
#include "data/foreign_text.h"

namespace aha::data {
namespace {

constexpr size_t kMaxTextLineBytes = 64'000'000;

void read_rows(const std::filesystem::path& path, const std::function<void(std::string_view)>& take) {
  read_jsonl(path, [&](int64_t line, const auto& row) {
    const auto text = row.find("text");
    if (text == row.end() || !text->is_string()) {
      throw InputError(path.string() + ":" + std::to_string(line), "has no `text`; a corpus needs one in every row");
    }
    take(text->template get_ref<const std::string&>());
  });
}

void read_lines(const std::filesystem::path& path, const std::function<void(std::string_view)>& take) {
  std::error_code error;
  std::ifstream stream(path, std::ios::binary);
  if (!stream || std::filesystem::is_directory(path, error)) {
    throw InputError(path.string(), "cannot be read; a corpus is a text file or a file of JSON lines");
  }
  std::string line;
  for (int64_t number = 1; std::getline(stream, line); ++number) {
    const std::string place = path.string() + ":" + std::to_string(number);
    if (line.size() > kMaxTextLineBytes) throw InputError(place, "is longer than 64 MB; break the line");
    if (const size_t bad = first_invalid_utf8(line); bad != std::string_view::npos) {
      throw InputError(place, "is not UTF-8 at byte " + std::to_string(bad + 1) + "; save the file as UTF-8");
    }
    if (!stream.eof()) line += '\n';
    take(line);
  }
  if (stream.bad()) throw InputError(path.string(), "cannot be read to its end");
}

}  // namespace

void read_corpus(const std::vector<std::filesystem::path>& files, const std::function<void(std::string_view)>& take) {
  for (const auto& path : files) path.extension() == ".jsonl" ? read_rows(path, take) : read_lines(path, take);
}

}  // namespace aha::data
