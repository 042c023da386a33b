// aha bench rollout: completion tokens a second, and how near that is to what the machine can do.
#pragma once
#include "command.h"

namespace aha::tools {

/// Adds the subcommand to `aha bench`.
void add_bench_rollout(Command bench);

}  // namespace aha::tools
