// What of a test goes into the box, and what stays outside, as texts.
#include "reward/code/code_tests.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/data/jsonl.h"
#include "reward/code/code_block.h"
#include "reward/code/json_match.h"
#include "reward/code/test_finder.h"
#include "reward/extract.h"
#include "reward/rules/lines.h"

namespace aha::reward {
namespace {

using nlohmann::json;

constexpr double kLossyInteger = 9223372036854775808.0;  // 2^63: a JSON reader makes a double of longer integers

// Several sets give a text as the list of its lines.
std::string text_of(const json& value, const std::string& place) {
  if (value.is_string()) return value.get<std::string>();
  const bool is_lines = value.is_array() && std::ranges::all_of(value, [](const json& v) { return v.is_string(); });
  if (!is_lines) throw InputError(place, "must be a string");
  std::string text;
  for (const json& line : value) text += line.get_ref<const std::string&>() + "\n";
  return text;
}

// A value's depth is bounded by the reader of the row.
bool is_exact(const json& value) {
  if (value.is_number_float()) return std::abs(value.get<double>()) < kLossyInteger;
  return !value.is_structured() || std::ranges::all_of(value, is_exact);
}

std::string json_text(const json& value, const std::string& place) {
  if (!is_exact(value)) throw InputError(place, "holds a number beyond 64 bits; write the test as a JSON text");
  return value.dump();
}

// One argument a line, as LiveCodeBench writes them.
std::string arguments_of_lines(const std::string& text, const std::string& place) {
  std::string arguments = "[";
  for (const std::string_view line : lines_of(trimmed(text))) {
    if (trimmed(line).empty()) continue;
    if (arguments.size() > 1) arguments += ',';
    arguments += trimmed(line);
  }
  arguments += "]";
  const std::optional<json> read = exact_json(arguments);
  if (!read) throw InputError(place, "must hold one argument a line, each as JSON");
  return arguments;
}

CodeTest program_test(const FoundTest& found, const std::string& place) {
  return {text_of(*found.input, place + ": `input`"), text_of(*found.output, place + ": `output`"), found.is_hidden};
}

CodeTest call_test(const FoundTest& found, bool is_wrapped, const std::string& place) {
  CodeTest test;
  test.is_hidden = found.is_hidden;
  if (found.input->is_string()) {
    test.input = arguments_of_lines(found.input->get_ref<const std::string&>(), place + ": `input`");
    if (!found.output->is_string()) throw InputError(place + ": `output`", "must be a JSON text, as the input is");
    test.expected = found.output->get<std::string>();
    if (!exact_json(test.expected)) throw InputError(place + ": `output`", "is not JSON");
    return test;
  }
  if (!found.input->is_array()) throw InputError(place + ": `input`", "must be a list of arguments");
  test.input = json_text(*found.input, place + ": `input`");
  const json* result = found.output;
  if (is_wrapped) {
    if (!result->is_array() || result->size() != 1) {
      throw InputError(place + ": `output`", "must be a list with one result, since `wrapped_outputs` is true");
    }
    result = &result->front();
  }
  test.expected = json_text(*result, place + ": `output`");
  return test;
}

// "Solution().add" calls what "add" calls.
std::string function_name(const std::string& path) {
  const std::string name = path.substr(path.rfind('.') + 1);
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  if (name.empty() || (name[0] >= '0' && name[0] <= '9') || !std::ranges::all_of(name, is_word)) {
    throw InputError("`fn_name`", "must be the name of a function");
  }
  return name;
}

ProgramLanguage language_in(const json& value, const char* column) {
  const auto language = value.is_string() ? named_language(value.get_ref<const std::string&>()) : std::nullopt;
  if (!language) throw InputError(column, "must be python, c or cpp");
  return *language;
}

std::optional<double> tolerance_of(const json& value) {
  if (value.is_null()) return std::nullopt;
  const double tolerance = value.is_number() ? value.get<double>() : -1;
  if (!(tolerance >= 0 && tolerance < 1)) throw InputError("`tolerance`", "must be a number from 0 to below 1");
  return tolerance;
}

CodeChecker checker_program(const json& given) {
  const auto program = given.find("program"), language = given.find("language");
  if (given.contains("kind") || given.contains("tolerance")) {
    throw InputError("`checker`", "has a `program`, so that `kind` and `tolerance` mean nothing");
  }
  if (!program->is_string() || trimmed(program->get_ref<const std::string&>()).empty()) {
    throw InputError("`checker`: `program`", "must be source code");
  }
  if (language == given.end()) throw InputError("`checker`", "needs the `language` of its program");
  return {
      .match = {}, .program = program->get<std::string>(), .language = language_in(*language, "`checker`: `language`")};
}

CodeChecker checker_of(const FoundTests& found) {
  CodeChecker checker;
  checker.match.tolerance = tolerance_of(found.tolerance);
  if (found.checker.is_null()) return checker;
  const json& given = found.checker;
  if (!given.is_object()) throw InputError("`checker`", "must be an object with `kind` or `program`");
  for (const auto& [key, value] : given.items()) {
    if (key != "kind" && key != "tolerance" && key != "program" && key != "language") {
      throw InputError("`checker`", "knows no `" + key + "`; it takes kind and tolerance, or program and language");
    }
  }
  if (given.contains("program")) return checker_program(given);
  if (!found.function.empty()) throw InputError("`checker`", "of a function's results must be a program");
  const auto kind = given.find("kind");
  const auto rule =
      kind != given.end() && kind->is_string() ? output_rule(kind->get_ref<const std::string&>()) : std::nullopt;
  if (!rule) throw InputError("`checker`: `kind`", "must be exact, lines, tokens, unordered_lines or floats");
  checker.match.rule = *rule;
  if (const auto tolerance = given.find("tolerance"); tolerance != given.end()) {
    checker.match.tolerance = tolerance_of(*tolerance);
  }
  const bool takes_tolerance = *rule == OutputRule::kLines || *rule == OutputRule::kFloats;
  if (checker.match.tolerance && !takes_tolerance) {
    throw InputError("`tolerance`", "means nothing to the checker " + kind->get<std::string>());
  }
  return checker;
}

bool is_wrapped(const json& value) {
  if (!value.is_null() && !value.is_boolean()) throw InputError("`wrapped_outputs`", "must be true or false");
  return value == true;
}

// What a program that does nothing would answer.
bool is_nothing(const CodeTest& test, bool is_call) {
  const std::string_view expected = trimmed(test.expected);
  return expected.empty() || (is_call && expected == "null");
}

CodeTests convert(const FoundTests& found) {
  CodeTests tests;
  tests.function = found.function.empty() ? "" : function_name(found.function);
  tests.checker = checker_of(found);
  const json& language = found.programming_language;
  if (!language.is_null()) tests.language = language_in(language, "`programming_language`");
  const bool is_call = !tests.function.empty(), unwraps = is_wrapped(found.wrapped_outputs);
  for (const FoundTest& test : found.tests) {
    const std::string place = "test " + std::to_string(tests.tests.size() + 1);
    tests.tests.push_back(is_call ? call_test(test, unwraps, place) : program_test(test, place));
  }
  if (tests.checker.program.empty() &&
      std::ranges::all_of(tests.tests, [&](const CodeTest& test) { return is_nothing(test, is_call); })) {
    throw InputError("the row", "expects nothing in any test, so that a program that does nothing would pass");
  }
  return tests;
}

}  // namespace

std::optional<CodeTests> read_code_tests(const data::Example& example, std::string& fault) {
  try {
    TestFinder finder(example);
    return convert(finder.find());
  } catch (const InputError& error) {
    fault = error.what();
    return std::nullopt;
  }
}

}  // namespace aha::reward
