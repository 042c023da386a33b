// Curves are thin enough for a page and lose no spike.
#include "report/curves.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"

namespace aha::report::curves_test {
namespace {

TEST(ThinOut, KeepsShortCurvesWhole) {
  const std::vector<Point> points = {{1, 5}, {2, 6}, {3, 7}};
  EXPECT_EQ(thin_out(points, 4).size(), 3u);
  EXPECT_TRUE(thin_out({}, 4).empty());
}

TEST(ThinOut, KeepsEndsSpikesAndOrder) {
  std::vector<Point> points;
  for (int i = 0; i < 10'001; ++i) points.push_back({static_cast<double>(i), 1.0 + (i % 7) * 0.001});
  points[5432].value = 99;
  points[777].value = -99;
  const auto kept = thin_out(points, 400);
  EXPECT_LE(kept.size(), 400u);
  EXPECT_GE(kept.size(), 300u);
  EXPECT_EQ(kept.front().step, 0);
  EXPECT_EQ(kept.back().step, 10'000);
  const auto has = [&](double step, double value) {
    return std::any_of(kept.begin(), kept.end(), [&](const Point& p) { return p.step == step && p.value == value; });
  };
  EXPECT_TRUE(has(5432, 99));
  EXPECT_TRUE(has(777, -99));
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end(), [](const Point& a, const Point& b) { return a.step < b.step; }));
}

TEST(ReadCurves, GathersColumnsOfWhatIsThere) {
  test::TemporaryFolder folder;
  write_file_atomic(folder / "metrics.jsonl",
                    "{\"step\":1,\"loss\":2.0,\"kl\":null}\n"
                    "not json\n"
                    "{\"loss\":7.0}\n"
                    "{\"step\":2,\"loss\":1.2345678,\"eval_pass@1\":0.25,\"note\":\"x\"}\n"
                    "{\"step\":2,\"loss\":1.5}\n"
                    "{\"step\":3,\"lo");
  EXPECT_EQ(read_curves(folder / "metrics.jsonl"),
            nlohmann::json::parse(R"({"loss":{"x":[1,2],"y":[2.0,1.5]},"eval_pass@1":{"x":[2],"y":[0.25]}})"));
  EXPECT_EQ(read_curves(folder / "none.jsonl"), nlohmann::json::object());
}

TEST(ReadCurves, RoundsToSixDigits) {
  test::TemporaryFolder folder;
  write_file_atomic(folder / "m", "{\"step\":1,\"a\":0.000123456789,\"b\":-123456.789,\"c\":0.0,\"d\":1e-320}\n");
  const auto curves = read_curves(folder / "m");
  EXPECT_DOUBLE_EQ(curves["a"]["y"][0].get<double>(), 0.000123457);
  EXPECT_DOUBLE_EQ(curves["b"]["y"][0].get<double>(), -123457);
  EXPECT_EQ(curves["c"]["y"][0].get<double>(), 0);
  EXPECT_EQ(curves["d"]["y"][0].get<double>(), 1e-320);
}

}  // namespace
}  // namespace aha::report::curves_test
