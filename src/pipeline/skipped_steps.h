// Steps without an update: each is told of, too many in a row end the run.
#pragma once
#include <cstdint>
#include <filesystem>

namespace aha::pipeline {

class SkippedSteps {
 public:
  /// @param is_skipped whether loss or gradient of this step were not finite
  /// @throws Error (exit code 1) at the tenth in a row, naming the stage's folder
  void note(bool is_skipped, int64_t step, const std::filesystem::path& stage_folder);

 private:
  int64_t in_a_row_ = 0;
};

}  // namespace aha::pipeline
