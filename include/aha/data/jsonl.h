// JSON lines with TRL's row shapes, read line by line; a bad line is named, never skipped silently.
#pragma once
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "aha/core/error.h"
#include "aha/data/example.h"

namespace aha::data {

/// Calls `take` for each line's object with its 1-based number; keys keep their order. A byte-order mark is dropped,
/// CRLF and blank lines are fine. Refuses invalid JSON, invalid UTF-8, duplicate keys, depth over 64, lines over 64 MB.
/// @param refuse takes what is wrong with a line, and the lines after it are read all the same; without it:
/// @throws InputError "file:line: …"; for a file that is not there in any case
void read_jsonl(const std::filesystem::path& path,
                const std::function<void(int64_t line, nlohmann::ordered_json row)>& take,
                const std::function<void(int64_t line, const InputError& error)>& refuse = {});

/// A JSON text under the same rules. @throws InputError with `place`
nlohmann::json parse_json(std::string_view text, const std::string& place);

/// Rows as examples. @throws InputError if a row has none of TRL's shapes or a field has the wrong type
std::vector<Example> load_examples(const std::filesystem::path& path);
/// @param completion the column that completes a prompt
Example example_from_row(const nlohmann::ordered_json& row, const std::string& place,
                         const char* completion = "completion");

/// One line, keys in the order given, invalid UTF-8 replaced, newline included.
std::string json_line(const nlohmann::ordered_json& row);

}  // namespace aha::data
