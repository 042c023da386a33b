// Walks value and schema together, keyword by keyword, and remembers the first thing that is wrong.
#include "reward/rules/json_schema.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "reward/code_points.h"
#include "reward/rules/schema_node.h"

namespace aha::reward {
namespace {

using nlohmann::json;

constexpr int64_t kMostChecks = 200'000;
constexpr int kDeepest = 1000;  // 64 levels of the value, and on each the subschemas that look at the same part

uint32_t type_bits(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return 1;
    case json::value_t::boolean:
      return 2;
    case json::value_t::object:
      return 4;
    case json::value_t::array:
      return 8;
    case json::value_t::string:
      return 16;
    case json::value_t::number_float:
      return std::floor(value.get<double>()) == value.get<double>() ? 32 | 64 : 32;  // 1.0 is an integer
    default:
      return 32 | 64;
  }
}

bool is_multiple(const json& value, const json& step) {
  if (value.is_number_integer() && step.is_number_integer()) {
    // Of the absolute values, for -2^63 / -1 has no result.
    const auto size = [](const json& number) {
      return number.is_number_unsigned() || number >= 0 ? number.get<uint64_t>()
                                                        : uint64_t{0} - static_cast<uint64_t>(number.get<int64_t>());
    };
    return size(value) % size(step) == 0;
  }
  const double quotient = value.get<double>() / step.get<double>();
  // 19.99 / 0.01 is 1998.9999999999998: both are rounded, by half a unit in the last place each.
  return std::isfinite(quotient) && std::abs(quotient - std::round(quotient)) <= 4 * 2.2e-16 * std::abs(quotient);
}

uint64_t count_characters(const std::string& text) {
  uint64_t count = 0;
  for (size_t place = 0; place < text.size(); ++count) next_code_point(text, place);
  return count;
}

bool has_twins(const json& array) {
  const auto is_before = [](const json* a, const json* b) { return *a < *b; };
  std::set<const json*, decltype(is_before)> seen(is_before);
  for (const json& item : array) {
    if (!seen.insert(&item).second) return true;
  }
  return false;
}

std::string escaped(const std::string& name) {
  std::string step = "/";
  for (const char c : name) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return step;
}

class SchemaCheck {
 public:
  using Finding = JsonSchema::Finding;
  explicit SchemaCheck(const std::vector<SchemaNode>& nodes) : nodes_(nodes) {}

  Finding run(const json& value) {
    const bool is_fine = holds(0, value);
    if (is_stuck_) return {JsonSchema::Verdict::kUndecided, "", "the schema takes too long to check"};
    if (is_fine) return {};
    return {JsonSchema::Verdict::kDiffers, found_place_, found_reason_};
  }

 private:
  bool holds(size_t number, const json& value) {
    if (++num_checks_ > kMostChecks || depth_ == kDeepest) is_stuck_ = true;
    if (is_stuck_) return false;
    const SchemaNode& node = nodes_[number];
    ++depth_;
    const bool is_fine = has_value(node, value) && fits_kind(node, value) && fits_subschemas(node, value);
    --depth_;
    return is_fine && !is_stuck_;
  }
  // Without blame: the alternatives that a value is not are no fault of it.
  bool would_hold(size_t number, const json& value) {
    ++num_trials_;
    const bool is_fine = holds(number, value);
    --num_trials_;
    return is_fine;
  }
  bool holds_at(const std::string& step, size_t number, const json& value) {
    const size_t length = place_.size();
    if (num_trials_ == 0) place_ += step;
    const bool is_fine = holds(number, value);
    place_.resize(length);
    return is_fine;
  }
  bool blame(const std::string& reason) {
    if (num_trials_ == 0 && found_reason_.empty()) {
      found_place_ = place_;
      found_reason_ = reason;
    }
    return false;
  }
  bool wants(bool is_fine, const std::string& keyword) {
    return is_fine || blame("is not what `" + keyword + "` asks");
  }
  bool within(const SizeBounds& bounds, uint64_t count, const std::string& what) {
    if (count < bounds.least) return blame("has fewer than " + std::to_string(bounds.least) + " " + what);
    return count <= bounds.most || blame("has more than " + std::to_string(bounds.most) + " " + what);
  }
  bool has_match(const Pattern& pattern, const std::string& text) {
    const std::optional<bool> match = pattern.is_in(text);
    if (!match) is_stuck_ = true;
    return match.value_or(false);
  }

  bool has_value(const SchemaNode& node, const json& value) {
    if (node.refuses_all) return blame("is not allowed");
    if (node.types != 0 && (node.types & type_bits(value)) == 0) {
      std::string names;
      for (const SchemaType& type : kSchemaTypes)
        if (node.types & type.bit) names += (names.empty() ? "" : " or ") + std::string(type.name);
      return blame("is no " + names);
    }
    if (node.constant && *node.constant != value) return blame("is not what `const` asks");
    return !node.choices ||
           wants(std::find(node.choices->begin(), node.choices->end(), value) != node.choices->end(), "enum");
  }

  bool fits_kind(const SchemaNode& node, const json& value) {
    if (value.is_number()) return fits_number(node, value);
    if (value.is_string()) return fits_text(node, value.get_ref<const std::string&>());
    if (value.is_array()) return fits_array(node, value);
    return !value.is_object() || fits_object(node, value);
  }

  bool fits_number(const SchemaNode& node, const json& value) {
    return wants(!node.minimum || value >= *node.minimum, "minimum") &&
           wants(!node.maximum || value <= *node.maximum, "maximum") &&
           wants(!node.exclusive_minimum || value > *node.exclusive_minimum, "exclusiveMinimum") &&
           wants(!node.exclusive_maximum || value < *node.exclusive_maximum, "exclusiveMaximum") &&
           wants(!node.multiple_of || is_multiple(value, *node.multiple_of), "multipleOf");
  }

  bool fits_text(const SchemaNode& node, const std::string& text) {
    return within(node.characters, count_characters(text), "characters") &&
           (!node.pattern || wants(has_match(*node.pattern, text), "pattern"));
  }

  bool fits_array(const SchemaNode& node, const json& array) {
    if (!within(node.items_count, array.size(), "items")) return false;
    for (size_t i = 0; i < array.size(); ++i) {
      const bool is_prefix = i < node.prefix_items.size();
      if (!is_prefix && !node.items) break;
      if (!holds_at("/" + std::to_string(i), is_prefix ? node.prefix_items[i] : *node.items, array[i])) return false;
    }
    if (node.contains) {
      uint64_t num_found = 0;
      for (const json& item : array) num_found += would_hold(*node.contains, item);
      if (!within(node.contains_count, num_found, "items that `contains` asks for")) return false;
    }
    return !node.has_unique_items || wants(!has_twins(array), "uniqueItems");
  }

  bool fits_object(const SchemaNode& node, const json& object) {
    if (!within(node.members_count, object.size(), "members")) return false;
    if (!has_members(node.required, object)) return false;
    for (const auto& [name, others] : node.dependent_required) {
      if (object.contains(name) && !has_members(others, object)) return false;
    }
    for (const auto& [name, value] : object.items()) {
      if (!fits_member(node, name, value)) return false;
    }
    return true;
  }

  bool has_members(const std::vector<std::string>& names, const json& object) {
    for (const std::string& name : names) {
      if (!object.contains(name)) return blame("lacks the member `" + name + "`");
    }
    return true;
  }

  bool fits_member(const SchemaNode& node, const std::string& name, const json& value) {
    const std::string step = escaped(name);
    bool is_named = false;
    if (const auto found = node.properties.find(name); found != node.properties.end()) {
      is_named = true;
      if (!holds_at(step, found->second, value)) return false;
    }
    for (const auto& [pattern, schema] : node.pattern_properties) {
      if (!has_match(pattern, name)) continue;
      is_named = true;
      if (!holds_at(step, schema, value)) return false;
    }
    if (!is_named && node.additional_properties && !holds_at(step, *node.additional_properties, value)) return false;
    return !node.property_names || holds_at(step, *node.property_names, json(name));
  }

  bool fits_subschemas(const SchemaNode& node, const json& value) {
    if (node.reference && !holds(*node.reference, value)) return false;
    for (const size_t schema : node.all_of) {
      if (!holds(schema, value)) return false;
    }
    if (!node.any_of.empty()) {
      const auto fits = [&](size_t schema) { return would_hold(schema, value); };
      if (!wants(std::any_of(node.any_of.begin(), node.any_of.end(), fits), "anyOf")) return false;
    }
    if (!node.one_of.empty()) {
      int64_t num_fitting = 0;
      for (const size_t schema : node.one_of) num_fitting += would_hold(schema, value);
      if (num_fitting != 1) return blame("fits " + std::to_string(num_fitting) + " schemas of `oneOf`, not one");
    }
    if (node.negated && would_hold(*node.negated, value)) return blame("is what `not` excludes");
    if (!node.condition) return true;
    const std::optional<size_t>& branch = would_hold(*node.condition, value) ? node.then_branch : node.else_branch;
    return !branch || holds(*branch, value);
  }

  const std::vector<SchemaNode>& nodes_;
  int64_t num_checks_ = 0, num_trials_ = 0;
  int depth_ = 0;
  bool is_stuck_ = false;  // too long: whatever holds() says then means nothing
  std::string place_, found_place_, found_reason_;
};

}  // namespace

JsonSchema::JsonSchema(const nlohmann::json& schema, const std::string& place)
    : nodes_(std::make_shared<const std::vector<SchemaNode>>(read_schema(schema, place))) {}

JsonSchema::Finding JsonSchema::check(const nlohmann::json& value) const { return SchemaCheck(*nodes_).run(value); }

}  // namespace aha::reward
