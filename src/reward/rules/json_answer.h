// JSON that a model wrote.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace aha::reward {

/// Null where the text is no JSON: `reason` then says why.
struct JsonAnswer {
  std::optional<nlohmann::json> value;
  std::string reason = {};
};

/// As RFC 8259 has it, in UTF-8, nested at most 64 levels deep, no member twice.
JsonAnswer read_json(std::string_view text);
/// Of the part of a completion that answers: its last block of JSON, else all of it.
JsonAnswer read_json_answer(std::string_view completion);

}  // namespace aha::reward
