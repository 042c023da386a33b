// Where in a row its tests stand: named columns first, then what may as well be something else.
#include "reward/code/test_finder.h"

#include <utility>

#include "aha/core/error.h"
#include "aha/data/jsonl.h"
#include "reward/extract.h"

namespace aha::reward {
namespace {

using nlohmann::json;

[[noreturn]] void refuse_column(const std::string& column, const std::string& sentence) {
  throw InputError("`" + column + "`", sentence);
}

// Tables of several sources fill the columns that a row has not with null.
const json* member_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

bool starts_json(const std::string& text) {
  const std::string_view content = trimmed(text);
  return content.starts_with('{') || content.starts_with('[');
}

}  // namespace

FoundTests TestFinder::find() {
  read_settings(row_);
  read_metadata();
  if (!find_split() && !find_named() && !find_in_row() && !find_in_answer()) {
    throw InputError("the row", "has no tests; give it `inputs` and `outputs`, or `tests`");
  }
  if (found_.tests.empty()) throw InputError("the row", "has an empty list of tests");
  if (found_.is_call && *found_.is_call != !found_.function.empty()) {
    throw InputError("the row", *found_.is_call ? "has functional tests, but no `fn_name`"
                                                : "has tests of stdin, but a `fn_name`; leave one of them out");
  }
  return std::move(found_);
}

bool TestFinder::find_split() {
  const std::pair<const char*, bool> columns[] = {
      {"public_tests", false}, {"public_test_cases", false}, {"private_tests", true}, {"private_test_cases", true}};
  bool has_any = false;
  for (const auto& [key, is_hidden] : columns) {
    const json* set = member_of(row_, key);
    if (set) add_set(parsed(*set, key), key, is_hidden);
    has_any |= set != nullptr;
  }
  return has_any;
}

bool TestFinder::find_named() {
  for (const char* key : {"tests", "input_output"}) {
    const json* set = member_of(row_, key);
    if (!set) continue;
    add_set(parsed(*set, key), key, false);
    return true;
  }
  return false;
}

bool TestFinder::find_in_row() {
  if (!member_of(row_, "inputs")) return false;
  add_lists(row_, "inputs", "outputs", "inputs", false);
  return true;
}

// These columns may as well hold a solution in words or code, which is no test.
bool TestFinder::find_in_answer() {
  const json* nested = member_of(row_, "reward_model");
  const std::pair<const char*, const json*> columns[] = {
      {"answer", member_of(row_, "answer")},
      {"solution", member_of(row_, "solution")},
      {"ground_truth", member_of(row_, "ground_truth")},
      {"reward_model.ground_truth", nested && nested->is_object() ? member_of(*nested, "ground_truth") : nullptr}};
  for (const auto& [key, value] : columns) {
    if (!value) continue;
    const bool is_json_text = value->is_string() && starts_json(value->get_ref<const std::string&>());
    if (!is_json_text && !value->is_structured()) continue;
    add_set(parsed(*value, key), key, false);
    return true;
  }
  if (!starts_json(answer_)) return false;
  kept_.push_back(data::parse_json(answer_, "`answer`"));
  add_set(kept_.back(), "answer", false);
  return true;
}

const json& TestFinder::parsed(const json& value, const std::string& column) {
  if (!value.is_string()) return value;
  kept_.push_back(data::parse_json(value.get_ref<const std::string&>(), "`" + column + "`"));
  return kept_.back();
}

void TestFinder::add_set(const json& set, const std::string& column, bool is_hidden) {
  if (set.is_array()) return add_objects(set, column, is_hidden);
  if (!set.is_object()) refuse_column(column, "must be a list of tests, or an object with `inputs` and `outputs`");
  read_settings(set);
  const bool is_plural = set.contains("inputs");
  add_lists(set, is_plural ? "inputs" : "input", is_plural ? "outputs" : "output", column, is_hidden);
}

void TestFinder::add_lists(const json& set, const char* input_key, const char* output_key, const std::string& column,
                           bool is_hidden) {
  const json *inputs = member_of(set, input_key), *outputs = member_of(set, output_key);
  if (!inputs || !outputs || !inputs->is_array() || !outputs->is_array()) {
    refuse_column(column, std::string("needs the lists `") + input_key + "` and `" + output_key + "`");
  }
  if (inputs->size() != outputs->size()) {
    refuse_column(column, "has " + std::to_string(inputs->size()) + " inputs for " + std::to_string(outputs->size()) +
                              " outputs; each test needs both");
  }
  for (size_t i = 0; i < inputs->size(); ++i) found_.tests.push_back({&(*inputs)[i], &(*outputs)[i], is_hidden});
}

void TestFinder::add_objects(const json& list, const std::string& column, bool is_hidden) {
  for (const json& test : list) {
    if (!test.is_object() || !test.contains("input") || !test.contains("output")) {
      refuse_column(column, "must hold objects with `input` and `output`");
    }
    read_function(test, "fn_name", column);
    read_kind(test, column);
    found_.tests.push_back({&test["input"], &test["output"], is_hidden});
  }
}

void TestFinder::read_settings(const json& object) {
  read_function(object, "fn_name", "fn_name");
  const std::pair<const char*, json&> settings[] = {{"checker", found_.checker},
                                                    {"tolerance", found_.tolerance},
                                                    {"programming_language", found_.programming_language},
                                                    {"wrapped_outputs", found_.wrapped_outputs}};
  for (const auto& [key, setting] : settings) {
    if (const json* value = member_of(object, key)) setting = *value;
  }
}

// LiveCodeBench names the function there.
void TestFinder::read_metadata() {
  const json* metadata = member_of(row_, "metadata");
  if (!metadata) return;
  if (metadata->is_string() && !starts_json(metadata->get_ref<const std::string&>())) return;
  const json& settings = parsed(*metadata, "metadata");
  if (settings.is_object()) read_function(settings, "func_name", "metadata");
}

void TestFinder::read_function(const json& object, const char* key, const std::string& column) {
  const json* name = member_of(object, key);
  if (!name) return;
  if (!name->is_string()) refuse_column(column, std::string("must name the function in `") + key + "` by a string");
  const std::string& function = name->get_ref<const std::string&>();
  if (function.empty()) return;
  if (!found_.function.empty() && function != found_.function) {
    refuse_column(column, "calls `" + function + "` where another test calls `" + found_.function + "`");
  }
  found_.function = function;
}

void TestFinder::read_kind(const json& test, const std::string& column) {
  const json* kind = member_of(test, "testtype");
  if (!kind) return;
  if (*kind != "stdin" && *kind != "functional") refuse_column(column, "has a `testtype` but stdin and functional");
  const bool is_call = *kind == "functional";
  if (found_.is_call && *found_.is_call != is_call) refuse_column(column, "has tests of both kinds of `testtype`");
  found_.is_call = is_call;
}

}  // namespace aha::reward
