// What an administrator can do where the machine isolates too little.
#include "reward/sandbox/remedy.h"

#include <fstream>

namespace aha::reward {
namespace {

struct Setting {
  const char* path;
  const char* value;  // that forbids
  const char* remedy;
};
constexpr Setting kSettings[] = {
    {"/proc/sys/user/max_user_namespaces", "0", "allow user namespaces: sysctl user.max_user_namespaces=10000"},
    {"/proc/sys/kernel/unprivileged_userns_clone", "0",
     "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
     "allow user namespaces: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with "
     "`userns,` for this program"},
};

std::string first_word(const char* path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

}  // namespace

std::string namespace_remedy(const std::string& why) {
  for (const Setting& setting : kSettings) {
    if (first_word(setting.path) == setting.value) return setting.remedy;
  }
  if (why.find("Operation not permitted") != std::string::npos) {
    return "in a container allow user namespaces (Docker: --security-opt seccomp=unconfined --security-opt "
           "apparmor=unconfined, or a profile that permits unshare, clone and mount), or run on the host";
  }
  return "run where user namespaces work: Linux 5.14 or newer, outside of containers that forbid them";
}

}  // namespace aha::reward
