// A recipe as a tree of values, each knowing its key path; the only place that knows YAML.
#pragma once
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace aha {

/// null, bool, integer, number, string, list or map. Maps keep their order; keys are unique.
class ConfigTree {
 public:
  using List = std::vector<ConfigTree>;
  using Map = std::vector<std::pair<std::string, ConfigTree>>;
  using Value = std::variant<std::monostate, bool, int64_t, double, std::string, List, Map>;

  ConfigTree() = default;
  explicit ConfigTree(Value value) : value_(std::move(value)) {}

  /// YAML 1.2 core scalars (010 is ten, `no` is a string). Refuses anchors, aliases, tags, duplicate keys,
  /// several documents, depth over 32, files over 1 MB.
  /// @throws ConfigError naming file, line and what to do; InputError if the file cannot be read
  static ConfigTree parse_yaml_file(const std::filesystem::path& path);
  static ConfigTree parse_yaml(std::string_view text, const std::string& file_name);
  static ConfigTree from_json(const nlohmann::json& json);
  nlohmann::json to_json() const;

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_list() const { return std::holds_alternative<List>(value_); }
  bool is_map() const { return std::holds_alternative<Map>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  const Value& value() const { return value_; }
  const List& list() const { return std::get<List>(value_); }
  List& list() { return std::get<List>(value_); }
  const Map& map() const { return std::get<Map>(value_); }
  Map& map() { return std::get<Map>(value_); }
  /// Member of a map, or null.
  const ConfigTree* find(std::string_view key) const;
  ConfigTree* find(std::string_view key);
  /// Adds or replaces a member (a null value becomes a map).
  void put(std::string_view key, ConfigTree value);
  /// "map", "list", "string", "integer", "number", "boolean", "nothing": for error sentences.
  std::string kind_name() const;

  /// Lays `overlay` over this tree: maps merge key by key; a list whose items all carry a `name` merges by
  /// that name (new names are appended); anything else is replaced.
  void merge(const ConfigTree& overlay);

  /// `--set stages.zero.seed=3`: list items by index or by their `name`; the value is read as a YAML scalar
  /// or flow collection; missing map keys are made. @throws ConfigError naming the path and what exists
  void set(std::string_view assignment);

 private:
  Value value_;
};

}  // namespace aha
