// Runs programs that a model wrote where they can do no harm: each in a fresh box that sees nothing of the machine, and
// whose verdict it cannot forge.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace aha::reward {

enum class ProgramLanguage { kPython, kC, kCpp };
/// "python", "c", "cpp". @throws ConfigError for another name
ProgramLanguage program_language(const std::string& name);

/// Of one run. Crossing one of them ends the run with its status.
struct BoxLimits {
  double timeout_seconds = 6;  // by the clock; CPU time is bounded by the same
  int64_t memory_bytes = int64_t{512} << 20;
  int64_t output_bytes = int64_t{64} << 10;  // of stdout and of stderr each
};

/// How a run ended. Only kOk (exit code 0, no limit crossed) may earn a reward; kInfraError says nothing of the
/// program.
enum class BoxStatus { kOk, kRuntimeError, kCompileError, kTimeout, kMemory, kOutputLimit, kInfraError };
const char* box_status_name(BoxStatus status);  // "ok" "runtime_error" "compile_error" "timeout" "memory" …

struct BoxRun {
  BoxStatus status = BoxStatus::kInfraError;
  int exit_code = -1;       // 128 + signal where a signal ended it
  std::string stdout_text;  // bytes as written, cut at output_bytes
  std::string stderr_text;  // the compiler's messages after kCompileError
  double seconds = 0;
  std::string reason = {};  // of kInfraError and kRuntimeError by signal, in words
};

/// What can be run: the source, or what the compiler made of it in a box.
struct Executable {
  ProgramLanguage language = ProgramLanguage::kPython;
  std::string bytes;
};

/// What the machine gives, best first; see docs/sandbox.md.
enum class Isolation {
  kCgroup,      // user namespaces and a cgroup of our own: exact limits of memory and processes
  kNamespaces,  // user namespaces: memory exact for programs of one process
  kLandlock,    // Landlock and seccomp alone: one process, no writable folder, no compiler
  kNone,        // nothing is run
};
const char* isolation_name(Isolation isolation);  // "cgroup" "namespaces" "landlock" "none"

struct IsolationReport {
  Isolation isolation = Isolation::kNone;
  std::vector<std::string> findings;  // one line each: what was tried, what it gave, and why the next one was tried
  std::string remedy = {};            // where it is kLandlock or kNone: what would give more
};
/// Tries boxes, canary attacks included, once per process. @param best nothing above this is tried (tests)
IsolationReport probe_isolation(Isolation best = Isolation::kCgroup);

struct SandboxOptions {
  int num_boxes = 0;            // at once; 0: as many as cores
  bool allow_landlock = false;  // Isolation::kLandlock is enough
  Isolation best = Isolation::kCgroup;
};

/// Boxes that run side by side. Thread-safe: a call waits for a free box. Programs outlive neither their call nor the
/// process that asked.
class Sandbox {
 public:
  /// @throws MissingError where the machine does not isolate: what was tried, and what to do
  explicit Sandbox(const SandboxOptions& options = {});
  ~Sandbox();
  Isolation isolation() const;
  int num_boxes() const;
  /// Compiles in a box. @param run what went wrong, where the result is empty (kCompileError, limits, kInfraError)
  Executable compile(ProgramLanguage language, const std::string& source, BoxRun& run) const;
  /// Runs in a fresh box; an infrastructure error is tried once more before it is told.
  BoxRun run(const Executable& executable, std::string_view stdin_bytes, const BoxLimits& limits = {}) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aha::reward
