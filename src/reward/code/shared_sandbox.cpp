// One sandbox for all code rewards of the process.
#include <map>
#include <mutex>

#include "reward/code/program_runner.h"

namespace aha::reward {
namespace {

class SandboxRunner final : public ProgramRunner {
 public:
  explicit SandboxRunner(const SandboxOptions& options) : sandbox_(options) {}
  Executable compile(ProgramLanguage language, const std::string& source, BoxRun& run) const override {
    return sandbox_.compile(language, source, run);
  }
  BoxRun run(const Executable& executable, std::string_view stdin_bytes, const BoxLimits& limits) const override {
    return sandbox_.run(executable, stdin_bytes, limits);
  }

 private:
  Sandbox sandbox_;
};

}  // namespace

std::shared_ptr<const ProgramRunner> shared_sandbox(bool allow_landlock) {
  static std::mutex mutex;
  static std::map<bool, std::weak_ptr<const ProgramRunner>> runners;  // by allow_landlock
  const std::lock_guard lock(mutex);
  std::shared_ptr<const ProgramRunner> runner = runners[allow_landlock].lock();
  if (!runner) {
    runner = std::make_shared<SandboxRunner>(SandboxOptions{.allow_landlock = allow_landlock});
    runners[allow_landlock] = runner;
  }
  return runner;
}

}  // namespace aha::reward
