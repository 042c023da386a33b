// One run: makes a box, feeds and watches it from outside, and takes it down.
#pragma once
#include <string>
#include <string_view>

#include "reward/sandbox/box/stage.h"
#include "reward/sandbox/protocol.h"

namespace aha::box {

struct Outcome {
  Reply reply;
  std::string stdout_bytes, stderr_bytes, artifact;
};

/// Ends this process, the box with it, when the owner ends or closes the socket.
Outcome run_box(Stage& stage, const Request& request, std::string_view program, std::string_view stdin_bytes);

}  // namespace aha::box
