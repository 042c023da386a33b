// A cgroup of our own for a server and its boxes: exact limits of memory and processes. Versions 1 and 2.
#include "reward/sandbox/box/control_group.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <vector>

namespace aha::box {
namespace {

constexpr const char* kMostProcesses = "96";  // of a server and its box; RLIMIT_NPROC is the box's own limit
constexpr const char* kNamePrefix = "aha-box-";

std::string whole_file(const char* path) { return read_small(AT_FDCWD, path); }

bool has_word(const std::string& list, const std::string& word) {
  return ("," + list + ",").find("," + word + ",") != std::string::npos;
}

// Where a hierarchy is mounted: version 1 by its controller, version 2 without one.
std::string mount_point(const std::string& controller) {
  std::istringstream lines(whole_file("/proc/self/mounts"));
  std::string device, point, kind, options, rest;
  while (lines >> device >> point >> kind >> options && std::getline(lines, rest)) {
    if (controller.empty() ? kind == "cgroup2" : kind == "cgroup" && has_word(options, controller)) return point;
  }
  return "";
}

// The group that this process is in: "4:memory:/a", "0::/b".
std::string own_path(const std::string& controller) {
  std::istringstream lines(whole_file("/proc/self/cgroup"));
  std::string line;
  while (std::getline(lines, line)) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string list = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controller.empty() ? list.empty() : has_word(list, controller)) return path == "/" ? "" : path;
  }
  return "";
}

std::string parent_of(const std::string& path) { return path.substr(0, path.find_last_of('/')); }

// Groups of programs that were killed have nobody to remove them; a group in use cannot be removed.
void remove_left_behind(const std::string& parent) {
  DIR* folder = opendir(parent.c_str());
  if (!folder) return;
  while (const dirent* entry = readdir(folder)) {
    if (strncmp(entry->d_name, kNamePrefix, strlen(kNamePrefix)) != 0) continue;
    const pid_t owner = atoi(entry->d_name + strlen(kNamePrefix));
    if (owner > 0 && kill(owner, 0) != 0 && errno == ESRCH) rmdir((parent + "/" + entry->d_name).c_str());
  }
  closedir(folder);
}

bool write_in(const std::string& folder, const char* file, const char* text) {
  return write_small(AT_FDCWD, (folder + "/" + file).c_str(), text);
}

// Below one of the parents a new group that has the file; empty with errno where none can be made.
std::string make_group(const std::vector<std::string>& parents, const std::string& name, const char* needed_file) {
  int why = ENOENT;
  for (const std::string& parent : parents) {
    remove_left_behind(parent);
    const std::string folder = parent + "/" + name;
    if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
      why = errno;
    } else if (access((folder + "/" + needed_file).c_str(), W_OK) == 0 && write_in(folder, "cgroup.procs", "0")) {
      return folder;
    } else {
      why = errno;
      rmdir(folder.c_str());
    }
  }
  errno = why;
  return "";
}

}  // namespace

std::string ControlGroup::make(const std::string& name) {
  const std::string old = mount_point("memory"), unified = mount_point("");
  if (!old.empty()) {
    memory_folder_ = make_group({old + own_path("memory"), old}, name, "memory.limit_in_bytes");
    if (const std::string pids = mount_point("pids"); !memory_folder_.empty() && !pids.empty()) {
      process_folder_ = make_group({pids + own_path("pids"), pids}, name, "pids.max");
      if (!process_folder_.empty()) write_in(process_folder_, "pids.max", kMostProcesses);
    }
  } else if (!unified.empty()) {
    const std::string own = own_path("");
    memory_folder_ = make_group({unified + own, unified + parent_of(own), unified}, name, "memory.max");
    if (!memory_folder_.empty()) write_in(memory_folder_, "pids.max", kMostProcesses);
  } else {
    return "no cgroup file system is mounted";
  }
  if (memory_folder_.empty()) return std::string("cannot make a memory cgroup: ") + strerror(errno);
  write_in(memory_folder_, old.empty() ? "memory.swap.max" : "memory.swappiness", "0");
  const std::string limit = memory_folder_ + (old.empty() ? "/memory.max" : "/memory.limit_in_bytes");
  const std::string events = memory_folder_ + (old.empty() ? "/memory.events" : "/memory.oom_control");
  memory_limit_ = Descriptor(open(limit.c_str(), O_WRONLY | O_CLOEXEC));
  memory_events_ = Descriptor(open(events.c_str(), O_RDONLY | O_CLOEXEC));
  return memory_limit_ && memory_events_ ? "" : "the memory cgroup's files cannot be opened";
}

bool ControlGroup::limit_memory(int64_t bytes) {
  if (bytes == limit_) return true;
  const std::string text = std::to_string(bytes);
  if (pwrite(memory_limit_.get(), text.data(), text.size(), 0) != ssize_t(text.size())) return false;
  limit_ = bytes;
  return true;
}

int64_t ControlGroup::num_killed() const {
  char text[1024] = {};
  if (pread(memory_events_.get(), text, sizeof text - 1, 0) <= 0) return 0;
  const char* line = strstr(text, "oom_kill ");
  return line ? atoll(line + strlen("oom_kill ")) : 0;
}

}  // namespace aha::box
