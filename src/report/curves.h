// Curves of a stage's metrics, thin enough for a page.
#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

namespace aha::report {

struct Point {
  double step;
  double value;
};

/// At most `limit` (>= 4) of the points: first, last, and per stretch the lowest and the highest, so that no spike is
/// lost. Order is kept.
std::vector<Point> thin_out(const std::vector<Point>& points, size_t limit);

/// {"metric": {"x": [steps], "y": [values]}} of metrics.jsonl; lines repeated by a resumed run count once (the last).
nlohmann::json read_curves(const std::filesystem::path& metrics_file);

}  // namespace aha::report
