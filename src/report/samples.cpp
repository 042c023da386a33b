// Two passes over completions.jsonl: first which prompts come early and late, then their texts. Memory holds a few
// numbers a prompt, never the file.
#include "report/samples.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "aha/core/random.h"
#include "report/json_lines.h"

namespace aha::report {
namespace {

using nlohmann::json;

constexpr size_t kMaxPairs = 12;
constexpr size_t kMaxTextBytes = 2000;
constexpr size_t kMaxDatasetRows = 4;

struct Span {
  int64_t first, last;
  size_t order;  // of the prompt's first appearance
};

// A prompt at one step: what one group of completions answered.
using Place = std::pair<uint64_t, int64_t>;
struct Pair {
  Place early, late;
};

int64_t step_of(const json& row) { return static_cast<int64_t>(number_of(row, "step", -1)); }
uint64_t prompt_of(const json& row) { return hash_name(text_of(row, "prompt")); }

std::map<uint64_t, Span> find_spans(const std::filesystem::path& file) {
  std::map<uint64_t, Span> spans;
  for_each_object(file, [&](const json& row) {
    const int64_t step = step_of(row);
    if (step < 0) return;
    const auto [found, is_new] = spans.emplace(prompt_of(row), Span{step, step, spans.size()});
    if (is_new) return;
    found->second.first = std::min(found->second.first, step);
    found->second.last = std::max(found->second.last, step);
  });
  return spans;
}

std::vector<Pair> recurring_pairs(const std::map<uint64_t, Span>& spans) {
  std::vector<std::pair<uint64_t, Span>> recurring;
  for (const auto& [prompt, span] : spans) {
    if (span.last > span.first) recurring.emplace_back(prompt, span);
  }
  std::sort(recurring.begin(), recurring.end(), [](const auto& a, const auto& b) {
    const int64_t length_a = a.second.last - a.second.first, length_b = b.second.last - b.second.first;
    return std::make_pair(-length_a, a.second.order) < std::make_pair(-length_b, b.second.order);
  });
  recurring.resize(std::min(recurring.size(), kMaxPairs));
  std::vector<Pair> pairs;
  for (const auto& [prompt, span] : recurring) pairs.push_back({{prompt, span.first}, {prompt, span.last}});
  return pairs;
}

// Prompts of one step in the order in which they came.
std::vector<Place> places_at(const std::map<uint64_t, Span>& spans, int64_t step) {
  std::vector<std::pair<size_t, uint64_t>> prompts;
  for (const auto& [prompt, span] : spans) {
    if (span.first == step) prompts.emplace_back(span.order, prompt);
  }
  std::sort(prompts.begin(), prompts.end());
  std::vector<Place> places;
  for (const auto& [order, prompt] : prompts) places.emplace_back(prompt, step);
  return places;
}

std::vector<Pair> first_and_last_pairs(const std::map<uint64_t, Span>& spans) {
  if (spans.empty()) return {};
  int64_t first = INT64_MAX, last = -1;
  for (const auto& [prompt, span] : spans) {
    first = std::min(first, span.first);
    last = std::max(last, span.first);
  }
  const auto early = places_at(spans, first), late = places_at(spans, last);
  std::vector<Pair> pairs;
  for (size_t i = 0; i < std::min({early.size(), late.size(), kMaxPairs}); ++i) pairs.push_back({early[i], late[i]});
  return pairs;
}

json shown_row(const json& row) {
  json shown = {{"completion", shortened(text_of(row, "completion"), kMaxTextBytes)}};
  for (const char* key : {"reward", "advantage", "length", "finish_reason", "rewards", "sample"}) {
    if (row.contains(key)) shown[key] = row[key];
  }
  return shown;
}

// Best, middle and worst, each once.
json shown_group(std::vector<json> rows, int64_t step) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const json& a, const json& b) { return number_of(a, "reward") > number_of(b, "reward"); });
  double sum = 0;
  for (const auto& row : rows) sum += number_of(row, "reward");
  json completions = json::array();
  for (const size_t i : {size_t{0}, rows.size() / 2, rows.size() - 1}) {
    if (completions.size() < rows.size()) completions.push_back(shown_row(rows[i]));
  }
  return {{"step", step},
          {"count", rows.size()},
          {"mean_reward", sum / static_cast<double>(rows.size())},
          {"completions", completions}};
}

}  // namespace

std::string shortened(const std::string& text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

json read_sample_pairs(const std::filesystem::path& completions_file) {
  const auto spans = find_spans(completions_file);
  std::vector<Pair> pairs = recurring_pairs(spans);
  if (pairs.empty()) pairs = first_and_last_pairs(spans);

  std::map<Place, std::vector<json>> groups;
  for (const Pair& pair : pairs) groups[pair.early], groups[pair.late];
  for_each_object(completions_file, [&](const json& row) {
    const auto group = groups.find({prompt_of(row), step_of(row)});
    if (group != groups.end()) group->second.push_back(row);
  });

  json shown = json::array();
  for (const Pair& pair : pairs) {
    const auto &early = groups[pair.early], &late = groups[pair.late];
    if (early.empty() || late.empty()) continue;  // the file was cut between the passes
    json entry = {{"prompt", shortened(text_of(early[0], "prompt"), kMaxTextBytes)},
                  {"early", shown_group(early, pair.early.second)}};
    if (pair.late != pair.early) entry["late"] = shown_group(late, pair.late.second);
    if (pair.late.first != pair.early.first) {
      entry["late_prompt"] = shortened(text_of(late[0], "prompt"), kMaxTextBytes);
    }
    shown.push_back(std::move(entry));
  }
  return shown;
}

json read_dataset_rows(const std::filesystem::path& dataset_file) {
  json rows = json::array();
  for_each_object(dataset_file, [&](const json& row) {
    if (rows.size() == kMaxDatasetRows) return;
    const std::string completion = text_of(row, "completion", text_of(row, "text"));
    if (completion.empty()) return;
    rows.push_back({{"prompt", shortened(text_of(row, "prompt"), kMaxTextBytes)},
                    {"completion", shortened(completion, kMaxTextBytes)}});
  });
  return rows;
}

}  // namespace aha::report
