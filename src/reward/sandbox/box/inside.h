// The first process of a box: makes the place, starts the program, and tells how it ended on a descriptor that only
// it holds.
#pragma once
#include <string_view>

#include "reward/sandbox/box/stage.h"
#include "reward/sandbox/protocol.h"

namespace aha::box {

/// What it tells, in this order; an artifact's bytes follow the second.
struct Started {
  int32_t error_number = 0;  // not 0: there is no box, and nothing follows
  char what[60] = {};
};
struct Ended {
  int32_t wait_status = 0;
  int32_t unused = 0;
  double seconds = 0;
  double cpu_seconds = 0;
  int64_t peak_bytes = 0;
};

struct Insides {
  const Stage* stage;
  const Request* request;
  std::string_view program;
  int program_memory;     // where no folder can be made: a descriptor of the program
  int num_other_threads;  // of the same user, which the kernel counts too
  int stdin_end, stdout_end, stderr_end, verdict_end, go_end;
};

/// @param go_end gives one byte when the box has its user; its end without one ends everything
[[noreturn]] void live_inside(const Insides& insides);

}  // namespace aha::box
