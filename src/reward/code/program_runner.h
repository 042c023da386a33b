// Where the programs of code rewards run: the sandbox, or a stand-in in tests.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "aha/reward/sandbox.h"

namespace aha::reward {

/// Sandbox's two acts, with its contract.
class ProgramRunner {
 public:
  virtual ~ProgramRunner() = default;
  virtual Executable compile(ProgramLanguage language, const std::string& source, BoxRun& run) const = 0;
  virtual BoxRun run(const Executable& executable, std::string_view stdin_bytes, const BoxLimits& limits) const = 0;
};

/// The sandbox of this process: all code rewards with the same option share its boxes, so that together they use as
/// many as there are cores. It ends with the last of them. @throws MissingError where the machine does not isolate
std::shared_ptr<const ProgramRunner> shared_sandbox(bool allow_landlock);

}  // namespace aha::reward
