// A JSON schema as it is checked: every subschema once, by its number.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reward/rules/pattern.h"

namespace aha::reward {

/// Names of JSON's types, each with its bit in SchemaNode::types.
struct SchemaType {
  const char* name;
  uint32_t bit;
};
constexpr SchemaType kSchemaTypes[] = {{"null", 1},    {"boolean", 2}, {"object", 4},  {"array", 8},
                                       {"string", 16}, {"number", 32}, {"integer", 64}};

struct SizeBounds {
  uint64_t least = 0, most = UINT64_MAX;
};

/// What is absent asks for nothing.
struct SchemaNode {
  using Json = nlohmann::json;

  bool refuses_all = false;  // the schema `false`
  uint32_t types = 0;        // those allowed, where it is not 0
  std::optional<Json> constant;
  std::optional<std::vector<Json>> choices;
  std::optional<Json> minimum, exclusive_minimum, maximum, exclusive_maximum, multiple_of;
  SizeBounds characters, items_count, members_count, contains_count{.least = 1};
  std::optional<Pattern> pattern;
  bool has_unique_items = false;
  std::vector<std::string> required;
  std::map<std::string, std::vector<std::string>> dependent_required;

  std::map<std::string, size_t> properties;
  std::vector<std::pair<Pattern, size_t>> pattern_properties;
  std::optional<size_t> additional_properties, property_names;
  std::vector<size_t> prefix_items;
  std::optional<size_t> items, contains;

  // Checked on the value itself.
  std::vector<size_t> all_of, any_of, one_of;
  std::optional<size_t> negated, condition, then_branch, else_branch, reference;
};

/// @throws InputError, see JsonSchema
std::vector<SchemaNode> read_schema(const nlohmann::json& schema, const std::string& place);

}  // namespace aha::reward
