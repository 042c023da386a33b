// Rows of JSON as preferences, in TRL's shapes.
#include "aha/data/preference.h"

#include <algorithm>

#include "aha/core/error.h"
#include "aha/data/jsonl.h"

namespace aha::data {
namespace {

using nlohmann::ordered_json;

void require(const ordered_json& row, const char* column, const std::string& place, const char* shape) {
  if (row.contains(column) && !row[column].is_null()) return;
  throw InputError(place, "has no `" + std::string(column) + "`; a row needs " + shape);
}

/// The row as one example: the prompt and what `column` holds.
Example answered_by(const ordered_json& row, const char* column, const std::string& place) {
  if (row["prompt"].type() != row[column].type()) {
    throw InputError(place, "`" + std::string(column) + "` is a JSON " + row[column].type_name() +
                                ", but `prompt` is a " + row["prompt"].type_name() +
                                "; both must be strings, or both lists of messages");
  }
  ordered_json completed = row;
  completed["completion"] = row[column];
  Example example = example_from_row(completed, place, column);
  if (example.messages.empty() && example.completion.empty()) {
    throw InputError(place, "`" + std::string(column) + "` is empty; it must hold a completion");
  }
  return example;
}

/// Two lists of messages without a prompt: what both begin with is the prompt, the rest of each its completion.
ordered_json with_prompt(ordered_json row, const std::string& place) {
  const ordered_json chosen = row["chosen"], rejected = row["rejected"];
  if (!chosen.is_array() || !rejected.is_array()) {
    throw InputError(place, "has no `prompt`; only rows of messages can do without one");
  }
  const auto [end, other_end] = std::mismatch(chosen.begin(), chosen.end(), rejected.begin(), rejected.end());
  if (end == chosen.begin()) {
    throw InputError(place, "has no `prompt`, and `chosen` and `rejected` begin with different messages");
  }
  if (end == chosen.end() || other_end == rejected.end()) {
    throw InputError(place, "has no completion of its own in `" +
                                std::string(end == chosen.end() ? "chosen" : "rejected") +
                                "`: all of its messages stand in the other too");
  }
  row["prompt"] = ordered_json::array_t(chosen.begin(), end);
  row["chosen"] = ordered_json::array_t(end, chosen.end());
  row["rejected"] = ordered_json::array_t(other_end, rejected.end());
  return row;
}

double number_column(const ordered_json& row, const char* column, const std::string& place) {
  const ordered_json& value = row[column];
  if (value.is_number()) return value.get<double>();
  throw InputError(place, "`" + std::string(column) + "` is a JSON " + value.type_name() + "; it must be a number");
}

double label_of(const ordered_json& row, const std::string& place) {
  const ordered_json& value = row["label"];
  if (value.is_boolean()) return value.get<bool>() ? 1 : 0;
  const double label = value.is_number() ? value.get<double>() : -1;
  if (label >= 0 && label <= 1) return label;
  throw InputError(place, "`label` must be true, false or a number between 0 and 1");
}

PreferenceRow preference_from(const ordered_json& given, const std::string& place) {
  constexpr const char* kShape = "`prompt`, `chosen` and `rejected`";
  require(given, "chosen", place, kShape);
  require(given, "rejected", place, kShape);
  const bool has_prompt = given.contains("prompt") && !given["prompt"].is_null();
  const ordered_json row = has_prompt ? given : with_prompt(given, place);
  return {.chosen = answered_by(row, "chosen", place),
          .rejected = answered_by(row, "rejected", place),
          .margin = row.contains("margin") && !row["margin"].is_null() ? number_column(row, "margin", place) : 0,
          .place = place};
}

LabelledRow labelled_from(const ordered_json& row, const std::string& place) {
  for (const char* column : {"prompt", "completion", "label"}) {
    require(row, column, place, "`prompt`, `completion` and `label`");
  }
  return {.answered = answered_by(row, "completion", place), .label = label_of(row, place), .place = place};
}

template <class Row>
std::vector<Row> load_rows(const std::filesystem::path& path, Row (*make)(const ordered_json&, const std::string&)) {
  std::vector<Row> rows;
  read_jsonl(path, [&](int64_t line, const ordered_json& row) {
    rows.push_back(make(row, path.string() + ":" + std::to_string(line)));
  });
  return rows;
}

}  // namespace

std::vector<PreferenceRow> load_preference_rows(const std::filesystem::path& path) {
  return load_rows(path, preference_from);
}

std::vector<LabelledRow> load_labelled_rows(const std::filesystem::path& path) {
  return load_rows(path, labelled_from);
}

}  // namespace aha::data
