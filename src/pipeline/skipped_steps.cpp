#include "pipeline/skipped_steps.h"

#include <fmt/format.h>

#include "aha/core/error.h"
#include "aha/core/log.h"

namespace aha::pipeline {

void SkippedSteps::note(bool is_skipped, int64_t step, const std::filesystem::path& stage_folder) {
  constexpr int64_t kMostInARow = 10;
  if (!is_skipped) {
    in_a_row_ = 0;
    return;
  }
  log::warning(fmt::format("step {}: loss or gradient is not finite; no update was made", step));
  if (++in_a_row_ < kMostInARow) return;
  throw Error(ExitCode::kFailed, fmt::format("{}: {} steps in a row had no finite gradient; lower learning_rate",
                                             stage_folder.string(), kMostInARow));
}

}  // namespace aha::pipeline
