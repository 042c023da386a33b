// The names of the sandbox's languages, statuses and isolations, as programs and people read them.
#include "aha/core/error.h"
#include "aha/reward/sandbox.h"

namespace aha::reward {

ProgramLanguage program_language(const std::string& name) {
  if (name == "python") return ProgramLanguage::kPython;
  if (name == "c") return ProgramLanguage::kC;
  if (name == "cpp") return ProgramLanguage::kCpp;
  throw ConfigError("programming_language", "must be python, c or cpp, but is `" + name + "`");
}

const char* box_status_name(BoxStatus status) {
  constexpr const char* kNames[] = {"ok",     "runtime_error", "compile_error", "timeout",
                                    "memory", "output_limit",  "infra_error"};
  return kNames[static_cast<int>(status)];
}

const char* isolation_name(Isolation isolation) {
  constexpr const char* kNames[] = {"cgroup", "namespaces", "landlock", "none"};
  return kNames[static_cast<int>(isolation)];
}

}  // namespace aha::reward
