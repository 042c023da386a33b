// Reads a struct from a ConfigTree, strictly: one `visit` lists the fields; it serves reading, refusing unknown
// keys, printing the resolved values and the generated docs/configuration.md.
//
//   struct GrpoLossConfig {
//     double epsilon = 0.2;
//     template <class Fields> void visit(Fields& field) {
//       field("epsilon", epsilon, "ratio is kept above 1 - epsilon", between(0, 1));
//     }
//   };
//   read_config(tree, "stages.0", config, errors);   // collects every finding with its key path
//   config_to_tree(config);                          // the resolved values
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "aha/core/config_tree.h"

namespace aha {

/// All findings of one recipe; thrown at once.
class ConfigErrors {
 public:
  void add(const std::string& path, const std::string& sentence);
  bool empty() const { return sentences_.empty(); }
  /// @throws ConfigError with every finding on a line of its own, if there is one
  void throw_if_any() const;

 private:
  std::vector<std::string> sentences_;
};

/// "did you mean `num_generations`?" or empty: nearest of `known` by edit distance, at most a third off.
std::string did_you_mean(const std::string& key, const std::vector<std::string>& known);

/// What values a field takes. `sentence` completes "must be …".
struct Allowed {
  std::string sentence;
  double low = -1e308, high = 1e308;
  bool excludes_low = false;
  std::vector<std::string> names;  // of a string field; empty = any
  bool is_required = false;
};
Allowed any();
Allowed required();
Allowed at_least(double low);
Allowed above(double low);
Allowed between(double low, double high);
Allowed one_of(std::vector<std::string> names);

namespace config_internal {

// One overload per kind of leaf; each adds a finding and returns false when the value does not fit.
bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed&, bool& out, ConfigErrors&);
bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed&, int64_t& out, ConfigErrors&);
bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed&, uint64_t& out, ConfigErrors&);
bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed&, double& out, ConfigErrors&);
bool read_leaf(const ConfigTree& tree, const std::string& path, const Allowed&, std::string& out, ConfigErrors&);
bool expect_map(const ConfigTree& tree, const std::string& path, ConfigErrors&);
bool expect_list(const ConfigTree& tree, const std::string& path, ConfigErrors&);
void refuse_unknown(const ConfigTree& tree, const std::string& path, const std::vector<std::string>& known,
                    ConfigErrors&);
std::string join(const std::string& path, const std::string& key);

struct AnyFields {
  template <class T>
  void operator()(const char*, T&, const char*, const Allowed& = {}) {}
};
template <class T>
concept Visitable = requires(T& value, AnyFields& fields) {
  value.visit(fields);
};

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};

}  // namespace config_internal

template <class T>
bool read_config(const ConfigTree& tree, const std::string& path, T& out, ConfigErrors& errors,
                 const Allowed& allowed = {});

namespace config_internal {

class Reader {
 public:
  Reader(const ConfigTree& tree, const std::string& path, ConfigErrors& errors)
      : tree_(tree), path_(path), errors_(errors) {}
  template <class T>
  void operator()(const char* name, T& value, const char*, const Allowed& allowed = {}) {
    known_.push_back(name);
    const ConfigTree* child = tree_.find(name);
    if (child) {
      read_config(*child, join(path_, name), value, errors_, allowed);
    } else if (allowed.is_required) {
      errors_.add(join(path_, name), "is missing");
    }
  }
  void finish() { refuse_unknown(tree_, path_, known_, errors_); }

 private:
  const ConfigTree& tree_;
  std::string path_;
  ConfigErrors& errors_;
  std::vector<std::string> known_;
};

}  // namespace config_internal

/// Reads `tree` into `out` over its present values; adds a finding per problem. True if all of it fitted.
/// T: bool, int64_t, uint64_t, double, std::string, ConfigTree (kept raw), a struct with `visit`,
/// std::optional, std::vector or std::map<std::string, …> of those.
template <class T>
bool read_config(const ConfigTree& tree, const std::string& path, T& out, ConfigErrors& errors,
                 const Allowed& allowed) {
  using namespace config_internal;
  if constexpr (std::is_same_v<T, ConfigTree>) {
    out = tree;
    return true;
  } else if constexpr (IsOptional<T>::value) {
    if (tree.is_null()) {
      out.reset();
      return true;
    }
    typename T::value_type value{};
    if (!read_config(tree, path, value, errors, allowed)) return false;
    out = std::move(value);
    return true;
  } else if constexpr (IsVector<T>::value) {
    if (!expect_list(tree, path, errors)) return false;
    out.clear();
    bool fitted = true;
    for (size_t i = 0; i < tree.list().size(); ++i) {
      typename T::value_type value{};
      fitted &= read_config(tree.list()[i], join(path, std::to_string(i)), value, errors, allowed);
      out.push_back(std::move(value));
    }
    return fitted;
  } else if constexpr (IsMap<T>::value) {
    if (!expect_map(tree, path, errors)) return false;
    out.clear();
    bool fitted = true;
    for (const auto& [key, child] : tree.map()) {
      fitted &= read_config(child, join(path, key), out[key], errors, allowed);
    }
    return fitted;
  } else if constexpr (Visitable<T>) {
    if (!expect_map(tree, path, errors)) return false;
    Reader reader(tree, path, errors);
    out.visit(reader);
    reader.finish();
    return true;
  } else {
    return read_leaf(tree, path, allowed, out, errors);
  }
}

/// The resolved values as a tree, for recipe.json and --dry-run.
template <class T>
ConfigTree config_to_tree(const T& value);

namespace config_internal {

class Writer {
 public:
  template <class T>
  void operator()(const char* name, T& value, const char*, const Allowed& = {}) {
    tree.put(name, config_to_tree(value));
  }
  ConfigTree tree{ConfigTree::Map{}};
};

}  // namespace config_internal

template <class T>
ConfigTree config_to_tree(const T& value) {
  using namespace config_internal;
  if constexpr (std::is_same_v<T, ConfigTree>) {
    return value;
  } else if constexpr (IsOptional<T>::value) {
    return value ? config_to_tree(*value) : ConfigTree();
  } else if constexpr (IsVector<T>::value) {
    ConfigTree::List list;
    for (const auto& item : value) list.push_back(config_to_tree(item));
    return ConfigTree(std::move(list));
  } else if constexpr (IsMap<T>::value) {
    ConfigTree::Map map;
    for (const auto& [key, item] : value) map.emplace_back(key, config_to_tree(item));
    return ConfigTree(std::move(map));
  } else if constexpr (Visitable<T>) {
    Writer writer;
    const_cast<T&>(value).visit(writer);
    return std::move(writer.tree);
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return ConfigTree(ConfigTree::Value(static_cast<int64_t>(value)));
  } else {
    return ConfigTree(ConfigTree::Value(value));
  }
}

}  // namespace aha
