// aha bench step: the seconds of a GRPO step, and where they go.
#pragma once
#include "command.h"

namespace aha::tools {

/// Adds the subcommand to `aha bench`.
void add_bench_step(Command bench);

}  // namespace aha::tools
