// From what was seen of a box to how the run ended.
#pragma once
#include "aha/reward/sandbox.h"
#include "reward/sandbox/box_server.h"

namespace aha::reward {

BoxRun verdict_on_run(BoxAnswer answer, const BoxLimits& limits);
/// kOk only where the compiler made something.
BoxRun verdict_on_compiling(BoxAnswer answer, bool is_made, const BoxLimits& limits);

}  // namespace aha::reward
