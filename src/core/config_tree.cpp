// Values of a recipe: from YAML and JSON, laid over each other, set by key path.
#include "aha/core/config_tree.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "aha/core/config_fields.h"
#include "aha/core/error.h"
#include "aha/core/file.h"
#include "core/yaml_reader.h"

namespace aha {
namespace {

ConfigTree json_to_tree(const nlohmann::json& json, size_t depth) {
  if (depth > kMaxConfigDepth) throw ConfigError("JSON is nested deeper than 32 levels");
  if (json.is_object()) {
    ConfigTree::Map map;
    for (const auto& [key, value] : json.items()) map.emplace_back(key, json_to_tree(value, depth + 1));
    return ConfigTree(std::move(map));
  }
  if (json.is_array()) {
    ConfigTree::List list;
    for (const auto& value : json) list.push_back(json_to_tree(value, depth + 1));
    return ConfigTree(std::move(list));
  }
  if (json.is_string()) return ConfigTree(json.get<std::string>());
  if (json.is_boolean()) return ConfigTree(json.get<bool>());
  if (json.is_number_float()) return ConfigTree(json.get<double>());
  if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) {
    throw ConfigError(json.dump() + " does not fit into 64 bits with a sign");
  }
  if (json.is_number_integer()) return ConfigTree(json.get<int64_t>());
  return ConfigTree();
}

// The `name` of a list's item, where it has one.
std::optional<std::string> name_of(const ConfigTree& item) {
  const ConfigTree* name = item.find("name");
  if (!name || !name->is_string()) return std::nullopt;
  return std::get<std::string>(name->value());
}

bool is_named_list(const ConfigTree& tree) {
  if (!tree.is_list() || tree.list().empty()) return false;
  std::set<std::string> names;
  return std::all_of(tree.list().begin(), tree.list().end(), [&](const ConfigTree& item) {
    const auto name = name_of(item);
    return name && names.insert(*name).second;
  });
}

ConfigTree* find_by_name(ConfigTree::List& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& item) { return name_of(item) == name; });
  return found == list.end() ? nullptr : &*found;
}

ConfigTree* find_item(ConfigTree::List& list, const std::string& key) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error == std::errc() && end == key.data() + key.size()) return index < list.size() ? &list[index] : nullptr;
  return find_by_name(list, key);
}

std::string items_sentence(const ConfigTree::List& list) {
  if (list.empty()) return "the list is empty";
  std::string out = "there are ";
  for (size_t i = 0; i < list.size(); ++i) {
    const auto name = name_of(list[i]);
    out += (i ? ", " : "") + std::to_string(i) + (name ? " (" + *name + ")" : "");
  }
  return out;
}

std::vector<std::string> item_names(const ConfigTree::List& list) {
  std::vector<std::string> names;
  for (const auto& item : list) names.push_back(name_of(item).value_or(""));
  return names;
}

// One step of a key path; `path` is what has been walked so far.
ConfigTree& walk(ConfigTree& tree, const std::string& path, const std::string& key) {
  if (tree.is_null()) tree = ConfigTree(ConfigTree::Map());
  if (tree.is_map()) {
    if (!tree.find(key)) tree.put(key, ConfigTree());
    return *tree.find(key);
  }
  const std::string here = path.empty() ? key : path + "." + key;
  if (!tree.is_list()) {
    throw ConfigError("--set " + here,
                      "`" + path + "` is no list or map but the " + tree.kind_name() + " " + tree.to_json().dump());
  }
  if (ConfigTree* item = find_item(tree.list(), key)) return *item;
  const std::string hint = did_you_mean(key, item_names(tree.list()));
  throw ConfigError("--set " + here,
                    "no such item; " + items_sentence(tree.list()) + (hint.empty() ? "" : "; " + hint));
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> keys;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    keys.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  const bool has_hole = std::any_of(keys.begin(), keys.end(), [](const auto& key) { return key.empty(); });
  if (has_hole || keys.size() > kMaxConfigDepth) {
    throw ConfigError("--set " + path, "is no key path; write it like stages.zero.seed=3");
  }
  return keys;
}

ConfigTree read_assigned(const std::string& path, std::string_view text) {
  ConfigTree value = read_yaml(text, "--set " + path);
  const size_t first = text.find_first_not_of(" \t\r\n");
  const char opening = first == std::string_view::npos ? ' ' : text[first];
  if ((value.is_map() && opening != '{') || (value.is_list() && opening != '[')) {
    throw ConfigError("--set " + path, "takes one value, a list [a, b] or a map {a: b}; put quotes around a text");
  }
  return value;
}

}  // namespace

ConfigTree ConfigTree::parse_yaml_file(const std::filesystem::path& path) {
  return read_yaml(read_file(path), path.string());
}

ConfigTree ConfigTree::parse_yaml(std::string_view text, const std::string& file_name) {
  return read_yaml(text, file_name);
}

ConfigTree ConfigTree::from_json(const nlohmann::json& json) { return json_to_tree(json, 0); }

nlohmann::json ConfigTree::to_json() const {
  if (is_list()) {
    auto out = nlohmann::json::array();
    for (const auto& item : list()) out.push_back(item.to_json());
    return out;
  }
  if (is_map()) {
    auto out = nlohmann::json::object();
    for (const auto& [key, item] : map()) out[key] = item.to_json();
    return out;
  }
  if (const auto* flag = std::get_if<bool>(&value_)) return *flag;
  if (const auto* integer = std::get_if<int64_t>(&value_)) return *integer;
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  if (const auto* text = std::get_if<std::string>(&value_)) return *text;
  return nullptr;
}

const ConfigTree* ConfigTree::find(std::string_view key) const {
  if (!is_map()) return nullptr;
  for (const auto& [name, value] : map()) {
    if (name == key) return &value;
  }
  return nullptr;
}

ConfigTree* ConfigTree::find(std::string_view key) {
  return const_cast<ConfigTree*>(static_cast<const ConfigTree*>(this)->find(key));
}

void ConfigTree::put(std::string_view key, ConfigTree value) {
  if (is_null()) value_ = Map();
  AHA_CHECK(is_map(), "put(" + std::string(key) + ") into a " + kind_name());
  if (ConfigTree* present = find(key)) {
    *present = std::move(value);
  } else {
    map().emplace_back(std::string(key), std::move(value));
  }
}

std::string ConfigTree::kind_name() const {
  static const char* const kNames[] = {"nothing", "boolean", "integer", "number", "string", "list", "map"};
  return kNames[value_.index()];
}

void ConfigTree::merge(const ConfigTree& overlay) {
  if (is_map() && overlay.is_map()) {
    for (const auto& [key, value] : overlay.map()) {
      ConfigTree* present = find(key);
      present ? present->merge(value) : put(key, value);
    }
  } else if (is_named_list(*this) && is_named_list(overlay)) {
    for (const auto& item : overlay.list()) {
      ConfigTree* present = find_by_name(list(), *name_of(item));
      present ? present->merge(item) : list().push_back(item);
    }
  } else {
    *this = overlay;
  }
}

void ConfigTree::set(std::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) {
    throw ConfigError("--set " + std::string(assignment), "has no `=`; write it like stages.zero.seed=3");
  }
  const std::string path(assignment.substr(0, equals));
  const std::vector<std::string> keys = split_path(path);
  ConfigTree value = read_assigned(path, assignment.substr(equals + 1));
  ConfigTree* target = this;
  std::string walked;
  for (const auto& key : keys) {
    target = &walk(*target, walked, key);
    walked = config_internal::join(walked, key);
  }
  *target = std::move(value);
}

}  // namespace aha
