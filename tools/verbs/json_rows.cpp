// Reads rows with their places; writes files whole.
#include "verbs/json_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "aha/core/file.h"
#include "aha/core/log.h"
#include "aha/data/jsonl.h"

namespace aha::tools {

const nlohmann::ordered_json* Row::find(const char* key) const {
  const auto found = value.find(key);
  return found == value.end() || found->is_null() ? nullptr : &*found;
}

std::string Row::text(const char* key) const {
  const nlohmann::ordered_json* member = find(key);
  if (!member) throw InputError(place, std::string("has no `") + key + "`");
  if (!member->is_string()) throw InputError(place, std::string("`") + key + "` must be a string");
  return member->get<std::string>();
}

std::vector<int32_t> Row::token_ids(const char* key, int64_t vocab_size) const {
  const nlohmann::ordered_json* member = find(key);
  if (!member || !member->is_array()) throw InputError(place, std::string("`") + key + "` must be a list of integers");
  std::vector<int32_t> ids;
  for (const nlohmann::ordered_json& item : *member) {
    if (!item.is_number_integer()) throw InputError(place, std::string("`") + key + "` must hold integers only");
    const bool fits = item.is_number_unsigned() ? item.get<uint64_t>() < static_cast<uint64_t>(vocab_size)
                                                : item.get<int64_t>() >= 0 && item.get<int64_t>() < vocab_size;
    if (!fits) {
      throw InputError(place, fmt::format("token id {} is outside the vocabulary of {}", item.dump(), vocab_size));
    }
    ids.push_back(item.get<int32_t>());
  }
  return ids;
}

void Row::refuse(const Error& why) {
  error = why.what();
  if (!error.starts_with(place)) error = place + ": " + error;
  log::error(error);
}

nlohmann::ordered_json Row::answer() const {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  if (const auto id = value.find("id"); id != value.end()) out["id"] = *id;
  if (!error.empty()) out["error"] = error;
  return out;
}

void add_file_options(Command verb, FileOptions& files) {
  verb.add_option("--input", files.input, "JSON lines; - or nothing: stdin");
  verb.add_option("--output", files.output, "JSON lines; - or nothing: stdout");
}

std::vector<Row> read_rows(const std::filesystem::path& file, BadLines bad_lines) {
  std::vector<Row> rows;
  const auto add = [&](int64_t line, nlohmann::ordered_json value) {
    rows.push_back({fmt::format("{}:{}", file.string(), line), std::move(value)});
  };
  const auto keep = [&](int64_t line, const InputError& error) {
    add(line, nlohmann::ordered_json::object());
    rows.back().refuse(error);
  };
  const std::filesystem::path path = file == "-" ? "/dev/stdin" : file;
  bad_lines == BadLines::kKeep ? data::read_jsonl(path, add, keep) : data::read_jsonl(path, add);
  return rows;
}

void check_all_answered(const std::filesystem::path& file, const std::vector<Row>& rows) {
  const auto count = std::ranges::count_if(rows, [](const Row& row) { return !row.error.empty(); });
  if (count == 0) return;
  throw InputError(file.string(), fmt::format("{} of {} lines could not be answered; the others are written, and "
                                              "`error` of those lines says why",
                                              count, rows.size()));
}

void write_rows(const std::filesystem::path& file, const std::vector<nlohmann::ordered_json>& rows) {
  std::string lines;
  for (const nlohmann::ordered_json& row : rows) lines += data::json_line(row);
  if (!file.empty() && file != "-") return write_file_atomic(file, lines);
  if (std::fwrite(lines.data(), 1, lines.size(), stdout) != lines.size() || std::fflush(stdout) != 0) {
    throw IoError("write", "stdout", errno);
  }
}

}  // namespace aha::tools
