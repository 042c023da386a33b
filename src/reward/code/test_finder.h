// Where in a row its tests stand, in any of the shapes that data sets give them.
#pragma once
#include <list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "aha/data/example.h"

namespace aha::reward {

struct FoundTest {
  const nlohmann::json* input;
  const nlohmann::json* output;
  bool is_hidden;
};

struct FoundTests {
  std::vector<FoundTest> tests = {};  // the visible ones first
  std::string function = {};          // `fn_name`
  std::optional<bool> is_call = {};   // as `testtype` says
  nlohmann::json checker = {}, tolerance = {}, programming_language = {}, wrapped_outputs = {};  // null: not given
};

/// What it finds points into the row and into what it has parsed of it, so it must outlive that.
class TestFinder {
 public:
  explicit TestFinder(const data::Example& example) : row_(example.columns), answer_(example.answer) {}
  /// @throws InputError without a place: "`tests`: …"
  FoundTests find();

 private:
  using Json = nlohmann::json;
  bool find_split();
  bool find_named();
  bool find_in_row();
  bool find_in_answer();
  void add_set(const Json& set, const std::string& column, bool is_hidden);
  void add_lists(const Json& set, const char* input_key, const char* output_key, const std::string& column,
                 bool is_hidden);
  void add_objects(const Json& list, const std::string& column, bool is_hidden);
  void read_settings(const Json& object);
  void read_metadata();
  void read_function(const Json& object, const char* key, const std::string& column);
  void read_kind(const Json& test, const std::string& column);
  const Json& parsed(const Json& value, const std::string& column);

  const Json& row_;
  const std::string& answer_;
  std::list<Json> kept_;  // texts that were parsed
  FoundTests found_;
};

}  // namespace aha::reward
