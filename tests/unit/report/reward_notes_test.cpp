// Sentences on rewards, from metrics written by hand.
#include "report/reward_notes.h"

#include <gtest/gtest.h>

#include "aha/core/file.h"
#include "unit/core/temporary_folder.h"

namespace aha::report::reward_notes_test {
namespace {

using nlohmann::json;

json notes_of(const std::string& lines, const json& stage = json::object()) {
  const test::TemporaryFolder folder;
  write_file_atomic(folder / "metrics.jsonl", lines);
  return read_reward_notes(folder / "metrics.jsonl", stage);
}

std::string watch_line(int step, double learned, double watched, int parted) {
  return json{{"step", step},
              {"reward_watch/style/learned_trend", learned},
              {"reward_watch/style/watched_trend", watched},
              {"reward_watch/style/parted", parted}}
             .dump() +
         "\n";
}

TEST(RewardNotes, TellWhereARewardParted) {
  const json stage = {{"rewards", {{{"name", "style"}, {"watch", "accuracy"}}, {{"name", "accuracy"}}}}};
  const std::string lines = watch_line(20, 0.1, 0, 0) + watch_line(40, 0.3, -0.1, 1) + watch_line(60, 0.25, -0.2, 1) +
                            watch_line(80, 0.1, 0, 0) + watch_line(100, 0.4, -0.3, 1);
  EXPECT_EQ(
      notes_of(lines, stage),
      json({"Reward style rose (by 0.3) while accuracy fell (by 0.2), seen from step 40 to 60: it may have been "
            "gamed.",
            "Reward style rose (by 0.4) while accuracy fell (by 0.3), seen from step 100 to 100: it may have been "
            "gamed."}));
}

TEST(RewardNotes, CountWhatFailed) {
  const std::string first = R"({"step": 1, "rewards/own/num_failed": 2, "rewards/own/num_timed_out": 0,)"
                            R"( "rewards/own/error_rate": 0.125})";
  const std::string again = R"({"step": 1, "rewards/own/num_failed": 1, "rewards/own/num_timed_out": 1,)"
                            R"( "rewards/own/error_rate": 0.0625})";
  const std::string second = R"({"step": 2, "rewards/own/num_failed": 4, "rewards/own/num_timed_out": 0,)"
                             R"( "rewards/own/error_rate": 0.25, "rewards/math/num_failed": 0})";
  EXPECT_EQ(notes_of(first + "\n" + again + "\n" + second + "\n"),
            json({"Reward own failed on 5 completions (1 by running out of time), in the worst step on 25% of them; "
                  "they taught nothing."}));
}

TEST(RewardNotes, SayNothingWhereAllIsWell) {
  EXPECT_EQ(notes_of(watch_line(20, 0.1, 0, 0) + "{\"step\": 21, \"rewards/a/num_failed\": 0}\n{broken\n"),
            json::array());
}

}  // namespace
}  // namespace aha::report::reward_notes_test
