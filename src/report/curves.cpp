// Reads metrics.jsonl by column and thins each column out.
#include "report/curves.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "report/json_lines.h"

namespace aha::report {
namespace {

constexpr size_t kMaxPoints = 400;
constexpr size_t kMaxCurves = 80;

// Six digits are more than a screen shows, and halve the page.
double rounded(double value) {
  if (value == 0) return 0;
  const double scale = std::pow(10.0, 5 - std::floor(std::log10(std::abs(value))));
  return std::isfinite(scale) ? std::round(value * scale) / scale : value;
}

nlohmann::json to_json(const std::vector<Point>& points) {
  nlohmann::json x = nlohmann::json::array(), y = nlohmann::json::array();
  for (const Point& point : points) {
    x.push_back(static_cast<int64_t>(point.step));
    y.push_back(rounded(point.value));
  }
  return {{"x", x}, {"y", y}};
}

}  // namespace

std::vector<Point> thin_out(const std::vector<Point>& points, size_t limit) {
  if (points.size() <= limit) return points;
  std::vector<Point> kept = {points.front()};
  const size_t num_stretches = (limit - 2) / 2, inner = points.size() - 2;
  const auto is_lower = [](const Point& a, const Point& b) { return a.value < b.value; };
  for (size_t i = 0; i < num_stretches; ++i) {
    const auto begin = points.begin() + 1 + static_cast<ptrdiff_t>(i * inner / num_stretches);
    const auto end = points.begin() + 1 + static_cast<ptrdiff_t>((i + 1) * inner / num_stretches);
    auto [low, high] = std::minmax_element(begin, end, is_lower);
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (high != low) kept.push_back(*high);
  }
  kept.push_back(points.back());
  return kept;
}

nlohmann::json read_curves(const std::filesystem::path& metrics_file) {
  std::map<std::string, std::map<double, double>> columns;
  for_each_object(metrics_file, [&](const nlohmann::json& line) {
    const double step = number_of(line, "step", -1);
    if (step < 0) return;
    for (const auto& [name, value] : line.items()) {
      const bool is_new = columns.find(name) == columns.end();
      if (name == "step" || !value.is_number() || (is_new && columns.size() == kMaxCurves)) continue;
      columns[name][step] = value.get<double>();
    }
  });
  nlohmann::json curves = nlohmann::json::object();
  for (const auto& [name, by_step] : columns) {
    std::vector<Point> points;
    for (const auto& [step, value] : by_step) points.push_back({step, value});
    curves[name] = to_json(thin_out(points, kMaxPoints));
  }
  return curves;
}

}  // namespace aha::report
