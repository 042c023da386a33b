// Reads /proc: the sixth field of `stat` is a process's session, and `environ` what it was started with.
#include "reward/command/leftovers.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace aha::reward {
namespace {

constexpr size_t kMostEnvironmentBytes = size_t{4} << 20;

// Zombies belong to their session until someone reaps them; they run no more.
bool is_of_session(const std::filesystem::path& folder, pid_t session) {
  std::ifstream file(folder / "stat");
  std::string text;
  std::getline(file, text, '\0');
  const size_t bracket = text.rfind(')');
  if (bracket == std::string::npos) return false;
  std::istringstream fields(text.substr(bracket + 1));
  char state = 0;
  pid_t parent = 0, group = 0, own_session = 0;
  fields >> state >> parent >> group >> own_session;
  return fields && state != 'Z' && own_session == session;
}

bool carries(const std::filesystem::path& folder, const std::string& mark) {
  std::ifstream file(folder / "environ", std::ios::binary);
  std::string variable;
  for (size_t total = 0; total < kMostEnvironmentBytes && std::getline(file, variable, '\0');) {
    if (variable == mark) return true;
    total += variable.size() + 1;
  }
  return false;
}

}  // namespace

std::string make_mark() {
  std::random_device random;
  std::string mark = "AHA_COMMAND=";
  for (int i = 0; i < 4; ++i) mark += fmt::format("{:08x}", random());
  return mark;
}

int kill_leftovers(const std::string& mark, pid_t session) {
  int count = 0;
  std::error_code error;
  const std::filesystem::directory_iterator end_of_list;
  for (std::filesystem::directory_iterator entry("/proc", error); !error && entry != end_of_list;
       entry.increment(error)) {
    const std::filesystem::path folder = entry->path();
    const std::string name = folder.filename().string();
    pid_t id = 0;
    const auto end = std::from_chars(name.data(), name.data() + name.size(), id);
    if (end.ec != std::errc() || end.ptr != name.data() + name.size() || id == ::getpid()) continue;
    const bool is_left = (session > 0 && is_of_session(folder, session)) || carries(folder, mark);
    if (is_left && ::kill(id, SIGKILL) == 0) ++count;
  }
  return count;
}

}  // namespace aha::reward
