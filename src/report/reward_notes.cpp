// Reads the columns reward_watch/<name>/… and rewards/<name>/num_… of metrics.jsonl.
#include "report/reward_notes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "report/json_lines.h"

namespace aha::report {
namespace {

using nlohmann::json;
using Steps = std::map<double, double>;  // value by step; a resumed run's later line counts
using Columns = std::map<std::string, Steps>;

Columns read_columns(const std::filesystem::path& metrics_file) {
  Columns columns;
  for_each_object(metrics_file, [&](const json& line) {
    const double step = number_of(line, "step", -1);
    for (const auto& [name, value] : line.items()) {
      const bool is_wanted = name.starts_with("reward_watch/") || name.starts_with("rewards/");
      if (step >= 0 && is_wanted && value.is_number()) columns[name][step] = value.get<double>();
    }
  });
  return columns;
}

double value_at(const Columns& columns, const std::string& name, double step) {
  const auto column = columns.find(name);
  if (column == columns.end()) return 0;
  const auto found = column->second.find(step);
  return found == column->second.end() ? 0 : found->second;
}

std::string watcher_of(const json& stage, const std::string& reward) {
  for (const json& entry : list_of(stage, "rewards")) {
    if (entry.is_object() && text_of(entry, "name") == reward) return text_of(entry, "watch");
  }
  return "";
}

// A note for each stretch of steps in which the two had parted.
void add_partings(const Columns& columns, const std::string& reward, const std::string& watched, json& notes) {
  const std::string prefix = "reward_watch/" + reward + "/";
  double begin = -1, end = -1, rise = 0, fall = 0;
  const auto close = [&] {
    if (begin < 0) return;
    notes.push_back(
        fmt::format("Reward {} rose (by {:.3g}) while {} fell (by {:.3g}), seen from step {:.0f} to {:.0f}: it may "
                    "have been gamed.",
                    reward, rise, watched.empty() ? "what watches it" : watched, fall, begin, end));
    begin = -1;
  };
  for (const auto& [step, has_parted] : columns.at(prefix + "parted")) {
    if (has_parted == 0) {
      close();
      continue;
    }
    if (begin < 0) {
      begin = step;
      rise = fall = 0;
    }
    end = step;
    rise = std::max(rise, value_at(columns, prefix + "learned_trend", step));
    fall = std::max(fall, -value_at(columns, prefix + "watched_trend", step));
  }
  close();
}

void add_failures(const Columns& columns, const std::string& reward, json& notes) {
  const std::string prefix = "rewards/" + reward + "/";
  double count = 0, worst = 0, timed_out = 0;
  for (const auto& [step, failed] : columns.at(prefix + "num_failed")) {
    count += failed;
    timed_out += value_at(columns, prefix + "num_timed_out", step);
    worst = std::max(worst, value_at(columns, prefix + "error_rate", step));
  }
  if (count == 0) return;
  notes.push_back(
      fmt::format("Reward {} failed on {:.0f} completions ({:.0f} by running out of time), in the worst "
                  "step on {:.3g}% of them; they taught nothing.",
                  reward, count, timed_out, 100 * worst));
}

// "rewards/NAME/num_failed" → NAME; empty for another column.
std::string name_between(const std::string& column, std::string_view head, std::string_view tail) {
  const bool fits = column.size() > head.size() + tail.size() && column.starts_with(head) && column.ends_with(tail);
  return fits ? column.substr(head.size(), column.size() - head.size() - tail.size()) : std::string();
}

}  // namespace

json read_reward_notes(const std::filesystem::path& metrics_file, const json& stage) {
  const Columns columns = read_columns(metrics_file);
  json notes = json::array();
  for (const auto& [column, steps] : columns) {
    const std::string watched = name_between(column, "reward_watch/", "/parted");
    if (!watched.empty()) add_partings(columns, watched, watcher_of(stage, watched), notes);
    const std::string judged = name_between(column, "rewards/", "/num_failed");
    if (!judged.empty()) add_failures(columns, judged, notes);
  }
  return notes;
}

}  // namespace aha::report
