// Landlock: what a program may open where no namespace can be made.
#include "reward/sandbox/box/landlock.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "reward/sandbox/box/descriptor.h"

namespace aha::box {
namespace {

// As the kernel has them since version 6; older headers lack the last two rows.
struct RulesetAttributes {
  uint64_t files = 0xffff;  // all sixteen kinds of access
  uint64_t network = 0x3;   // bind and connect of TCP
  uint64_t scopes = 0x3;    // abstract sockets and signals
};
struct __attribute__((packed)) PathRule {
  uint64_t access;
  int32_t folder;
};

constexpr uint64_t kExecute = 1, kWriteFile = 2, kReadFile = 4, kReadFolder = 8;
constexpr int kRuleOfPath = 1;
constexpr unsigned kAskVersion = 1;

struct Grant {
  const char* path;
  uint64_t access;
};
constexpr Grant kGrants[] = {{"/usr", kExecute | kReadFile | kReadFolder},
                             {"/lib", kExecute | kReadFile | kReadFolder},
                             {"/lib64", kExecute | kReadFile | kReadFolder},
                             {"/dev/null", kReadFile | kWriteFile},
                             {"/dev/zero", kReadFile | kWriteFile},
                             {"/dev/full", kReadFile | kWriteFile},
                             {"/dev/random", kReadFile},
                             {"/dev/urandom", kReadFile}};

bool grant(int ruleset, const Grant& given) {
  const Descriptor path(open(given.path, O_PATH | O_CLOEXEC));
  if (!path) return true;  // not there: nothing to allow
  const PathRule rule{given.access, path.get()};
  return syscall(SYS_landlock_add_rule, ruleset, kRuleOfPath, &rule, 0) == 0;
}

}  // namespace

int landlock_version() {
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, kAskVersion);
  return version > 0 ? int(version) : 0;
}

bool enter_landlock() {
  const RulesetAttributes attributes;
  const Descriptor ruleset(int(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
  if (!ruleset) return false;
  for (const Grant& given : kGrants) {
    if (!grant(ruleset.get(), given)) return false;
  }
  return syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

}  // namespace aha::box
