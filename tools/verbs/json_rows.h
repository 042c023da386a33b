// JSON lines in and out: one output line per input line, in the same order, `id` echoed.
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command.h"

#include "aha/core/error.h"

namespace aha::tools {

struct Row {
  std::string place;  // "train.jsonl:17"
  nlohmann::ordered_json value;
  std::string error = {};  // why it cannot be answered; empty where it can

  /// Member of a type, or an InputError that names the place.
  const nlohmann::ordered_json* find(const char* key) const;
  std::string text(const char* key) const;
  std::vector<int32_t> token_ids(const char* key, int64_t vocab_size) const;
  /// The error becomes the row's answer, and is told on stderr at once.
  void refuse(const Error& why);
  /// An object to answer with: holds the row's `id` if it has one, and its `error`.
  nlohmann::ordered_json answer() const;
};

struct FileOptions {
  std::filesystem::path input = "/dev/stdin", output;
};
void add_file_options(Command verb, FileOptions& files);

/// kRefuse: an InputError for the first line that is no JSON object. kKeep: a row with an error for each.
enum class BadLines { kRefuse, kKeep };
std::vector<Row> read_rows(const std::filesystem::path& file, BadLines bad_lines = BadLines::kRefuse);

/// Last act of a verb whose bad rows do not harm the others. @throws InputError that counts them
void check_all_answered(const std::filesystem::path& file, const std::vector<Row>& rows);

/// Writes all lines at once: to stdout without a path, else whole or not at all.
void write_rows(const std::filesystem::path& file, const std::vector<nlohmann::ordered_json>& rows);

}  // namespace aha::tools
