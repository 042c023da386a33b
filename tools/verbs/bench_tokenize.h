// aha bench tokenize: how fast a tokenizer turns lines into ids.
#pragma once
#include "command.h"

namespace aha::tools {

/// Adds the subcommand to `aha bench`.
void add_bench_tokenize(Command bench);

}  // namespace aha::tools
