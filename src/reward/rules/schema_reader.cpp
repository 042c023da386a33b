// Reads a schema keyword by keyword; subschemas wait in a line, so that none is read inside another.
#include <cmath>
#include <deque>
#include <unordered_map>

#include "aha/core/error.h"
#include "reward/rules/schema_node.h"

namespace aha::reward {
namespace {

using nlohmann::json;

class SchemaReader {
 public:
  SchemaReader(const json& root, std::string place) : root_(root), place_(std::move(place)) {}

  std::vector<SchemaNode> read() {
    number_of(root_, "#");
    while (!waiting_.empty()) {
      const Waiting next = waiting_.front();
      waiting_.pop_front();
      pointer_ = next.pointer;
      SchemaNode node;
      read_node(*next.schema, node);
      nodes_[next.number] = std::move(node);
    }
    refuse_circles();
    return std::move(nodes_);
  }

 private:
  using Reading = void (SchemaReader::*)(SchemaNode&, const json&);
  struct Waiting {
    const json* schema;
    size_t number;
    std::string pointer;
  };

  [[noreturn]] void refuse(const std::string& sentence) const {
    throw InputError(place_ + ", " + pointer_ + (keyword_.empty() ? "" : "/" + keyword_), sentence);
  }

  size_t number_of(const json& schema, const std::string& pointer) {
    const auto [found, is_new] = numbers_.emplace(&schema, nodes_.size());
    if (is_new) {
      nodes_.emplace_back();
      waiting_.push_back({&schema, found->second, pointer});
    }
    return found->second;
  }
  size_t part(const json& schema, const std::string& step = "") {
    return number_of(schema, pointer_ + "/" + keyword_ + step);
  }

  void read_node(const json& schema, SchemaNode& node) {
    keyword_.clear();
    if (schema.is_boolean()) {
      node.refuses_all = !schema.get<bool>();
      return;
    }
    if (!schema.is_object()) refuse("must be a schema: an object, true or false");
    for (const auto& [keyword, value] : schema.items()) {
      keyword_ = keyword;
      const auto reading = readings().find(keyword);
      if (reading == readings().end()) refuse("is a keyword that is not supported; leave it out");
      (this->*reading->second)(node, value);
    }
  }

  // ---- values of keywords
  const json& number(const json& value) const {
    if (!value.is_number()) refuse("must be a number");
    return value;
  }
  uint64_t count(const json& value) const {
    const bool is_whole = value.is_number_integer() || (value.is_number_float() && value <= 1e15 &&
                                                        std::floor(value.get<double>()) == value.get<double>());
    if (is_whole && value >= 0) return value.get<uint64_t>();
    refuse("must be a whole number of at least 0");
  }
  const std::string& text(const json& value) const {
    if (!value.is_string()) refuse("must be a string");
    return value.get_ref<const std::string&>();
  }
  std::vector<std::string> texts(const json& value) const {
    if (!value.is_array()) refuse("must be a list of names");
    std::vector<std::string> names;
    for (const json& name : value) names.push_back(text(name));
    return names;
  }
  std::vector<size_t> schemas(const json& value) {
    if (!value.is_array() || value.empty()) refuse("must be a list of schemas that is not empty");
    std::vector<size_t> numbers;
    for (const json& schema : value) numbers.push_back(part(schema, "/" + std::to_string(numbers.size())));
    return numbers;
  }
  const json& members(const json& value) const {
    if (!value.is_object()) refuse("must be an object");
    return value;
  }
  std::string here() const { return place_ + ", " + pointer_ + "/" + keyword_; }

  // ---- keywords
  template <auto Member>
  void a_number(SchemaNode& node, const json& value) {
    node.*Member = number(value);
  }
  template <auto Bounds>
  void the_least(SchemaNode& node, const json& value) {
    (node.*Bounds).least = count(value);
  }
  template <auto Bounds>
  void the_most(SchemaNode& node, const json& value) {
    (node.*Bounds).most = count(value);
  }
  template <auto Member>
  void a_schema(SchemaNode& node, const json& value) {
    node.*Member = part(value);
  }
  template <auto Member>
  void some_schemas(SchemaNode& node, const json& value) {
    node.*Member = schemas(value);
  }
  void annotation(SchemaNode&, const json&) {}

  void type(SchemaNode& node, const json& value) {
    for (const std::string& name : value.is_string() ? std::vector{text(value)} : texts(value)) {
      uint32_t bit = 0;
      for (const SchemaType& type : kSchemaTypes) bit |= name == type.name ? type.bit : 0;
      if (bit == 0) refuse("`" + name + "` is no type; types are null boolean object array string number integer");
      node.types |= bit;
    }
    if (node.types == 0) refuse("must name a type");
  }
  void choices(SchemaNode& node, const json& value) {
    if (!value.is_array()) refuse("must be a list");
    node.choices = value.get<std::vector<json>>();
  }
  void constant(SchemaNode& node, const json& value) { node.constant = value; }
  void multiple_of(SchemaNode& node, const json& value) {
    if (number(value) <= 0) refuse("must be above 0");
    node.multiple_of = value;
  }
  void pattern(SchemaNode& node, const json& value) { node.pattern.emplace(text(value), here()); }
  void unique_items(SchemaNode& node, const json& value) {
    if (!value.is_boolean()) refuse("must be true or false");
    node.has_unique_items = value.get<bool>();
  }
  void required(SchemaNode& node, const json& value) { node.required = texts(value); }
  void dependent_required(SchemaNode& node, const json& value) {
    for (const auto& [name, names] : members(value).items()) node.dependent_required[name] = texts(names);
  }
  void properties(SchemaNode& node, const json& value) {
    for (const auto& [name, schema] : members(value).items()) node.properties[name] = part(schema, "/" + name);
  }
  void pattern_properties(SchemaNode& node, const json& value) {
    for (const auto& [pattern, schema] : members(value).items()) {
      node.pattern_properties.emplace_back(Pattern(pattern, here()), part(schema, "/" + pattern));
    }
  }
  void items(SchemaNode& node, const json& value) {
    if (value.is_array()) refuse("must be one schema; a list of schemas is called prefixItems");
    node.items = part(value);
  }
  void definitions(SchemaNode&, const json& value) {
    for (const auto& [name, schema] : members(value).items()) part(schema, "/" + name);
  }
  void identifier(SchemaNode&, const json&) {
    if (pointer_ != "#") refuse("changes what $ref means below it; leave it out");
  }
  void reference(SchemaNode& node, const json& value) {
    const std::string& target = text(value);
    if (!target.starts_with('#')) refuse("`" + target + "` leads out of the schema; put what it names under $defs");
    const json* found = nullptr;
    try {
      found = &root_.at(json::json_pointer(target.substr(1)));
    } catch (const json::exception&) {
      refuse("`" + target + "` names no part of the schema");
    }
    node.reference = number_of(*found, target);
  }

  static const std::unordered_map<std::string, Reading>& readings();

  // A schema that leads back to itself on the same value says nothing, and would be followed for ever.
  void refuse_circles() const {
    std::vector<std::vector<size_t>> next(nodes_.size());
    std::vector<size_t> num_leading_here(nodes_.size());
    for (size_t n = 0; n < nodes_.size(); ++n) {
      const SchemaNode& node = nodes_[n];
      for (const auto* list : {&node.all_of, &node.any_of, &node.one_of})
        next[n].insert(next[n].end(), list->begin(), list->end());
      for (const auto& one : {node.negated, node.condition, node.then_branch, node.else_branch, node.reference})
        if (one) next[n].push_back(*one);
      for (const size_t to : next[n]) ++num_leading_here[to];
    }
    std::vector<size_t> free;
    for (size_t n = 0; n < nodes_.size(); ++n)
      if (num_leading_here[n] == 0) free.push_back(n);
    for (size_t done = 0; done < free.size(); ++done) {
      for (const size_t to : next[free[done]])
        if (--num_leading_here[to] == 0) free.push_back(to);
    }
    if (free.size() < nodes_.size())
      throw InputError(place_, "a $ref of the schema leads back to itself; break the circle");
  }

  const json& root_;
  std::string place_, pointer_, keyword_;
  std::unordered_map<const json*, size_t> numbers_;
  std::deque<Waiting> waiting_;
  std::vector<SchemaNode> nodes_;
};

const std::unordered_map<std::string, SchemaReader::Reading>& SchemaReader::readings() {
  using R = SchemaReader;
  using N = SchemaNode;
  static const std::unordered_map<std::string, Reading> all = {
      {"type", &R::type},
      {"enum", &R::choices},
      {"const", &R::constant},
      {"minimum", &R::a_number<&N::minimum>},
      {"maximum", &R::a_number<&N::maximum>},
      {"exclusiveMinimum", &R::a_number<&N::exclusive_minimum>},
      {"exclusiveMaximum", &R::a_number<&N::exclusive_maximum>},
      {"multipleOf", &R::multiple_of},
      {"minLength", &R::the_least<&N::characters>},
      {"maxLength", &R::the_most<&N::characters>},
      {"pattern", &R::pattern},
      {"minItems", &R::the_least<&N::items_count>},
      {"maxItems", &R::the_most<&N::items_count>},
      {"uniqueItems", &R::unique_items},
      {"minContains", &R::the_least<&N::contains_count>},
      {"maxContains", &R::the_most<&N::contains_count>},
      {"minProperties", &R::the_least<&N::members_count>},
      {"maxProperties", &R::the_most<&N::members_count>},
      {"required", &R::required},
      {"dependentRequired", &R::dependent_required},
      {"properties", &R::properties},
      {"patternProperties", &R::pattern_properties},
      {"additionalProperties", &R::a_schema<&N::additional_properties>},
      {"propertyNames", &R::a_schema<&N::property_names>},
      {"items", &R::items},
      {"prefixItems", &R::some_schemas<&N::prefix_items>},
      {"contains", &R::a_schema<&N::contains>},
      {"allOf", &R::some_schemas<&N::all_of>},
      {"anyOf", &R::some_schemas<&N::any_of>},
      {"oneOf", &R::some_schemas<&N::one_of>},
      {"not", &R::a_schema<&N::negated>},
      {"if", &R::a_schema<&N::condition>},
      {"then", &R::a_schema<&N::then_branch>},
      {"else", &R::a_schema<&N::else_branch>},
      {"$ref", &R::reference},
      {"$defs", &R::definitions},
      {"definitions", &R::definitions},
      {"$id", &R::identifier},
      {"$schema", &R::annotation},
      {"$comment", &R::annotation},
      {"title", &R::annotation},
      {"description", &R::annotation},
      {"default", &R::annotation},
      {"examples", &R::annotation},
      {"format", &R::annotation},
      {"deprecated", &R::annotation},
      {"readOnly", &R::annotation},
      {"writeOnly", &R::annotation},
  };
  return all;
}

}  // namespace

std::vector<SchemaNode> read_schema(const nlohmann::json& schema, const std::string& place) {
  return SchemaReader(schema, place).read();
}

}  // namespace aha::reward
