// What the processes of a box use, as the machine's /proc tells from outside.
#include "reward/sandbox/box/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "reward/sandbox/box/descriptor.h"

namespace aha::box {
namespace {

constexpr size_t kMostProcesses = 512;
constexpr int kMostThreads = 1024;

void add_thread(int proc, const std::string& task, TreeUse& use, std::vector<pid_t>& pending) {
  long long ran = 0, waited = 0;  // nanoseconds
  sscanf(read_small(proc, (task + "/schedstat").c_str()).c_str(), "%lld %lld", &ran, &waited);
  use.cpu_seconds += double(ran) * 1e-9;
  if (double(waited) * 1e-9 > use.waited_seconds) use.waited_seconds = double(waited) * 1e-9;
  std::istringstream children(read_small(proc, (task + "/children").c_str()));
  for (pid_t child; children >> child;) pending.push_back(child);
}

void add_process(int proc, pid_t process, TreeUse& use, std::vector<pid_t>& pending) {
  const std::string folder = std::to_string(process);
  long long size = 0, resident = 0;  // pages
  sscanf(read_small(proc, (folder + "/statm").c_str()).c_str(), "%lld %lld", &size, &resident);
  use.resident_bytes += int64_t(resident) * sysconf(_SC_PAGESIZE);
  const int tasks = openat(proc, (folder + "/task").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* threads = tasks >= 0 ? fdopendir(tasks) : nullptr;
  if (!threads) return;
  int num_threads = 0;
  while (const dirent* entry = readdir(threads)) {
    if (entry->d_name[0] == '.' || ++num_threads > kMostThreads) continue;
    add_thread(proc, folder + "/task/" + entry->d_name, use, pending);
  }
  closedir(threads);
}

// A folder of tasks has a link for each, and two of its own.
int num_threads(int proc, const char* process) {
  struct stat facts;
  const std::string tasks = std::string(process) + "/task";
  if (fstatat(proc, process, &facts, 0) != 0 || facts.st_uid != geteuid()) return 0;
  return fstatat(proc, tasks.c_str(), &facts, 0) == 0 ? int(facts.st_nlink) - 2 : 0;
}

}  // namespace

int count_threads_of_user(int proc) {
  const int again = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* processes = again >= 0 ? fdopendir(again) : nullptr;
  if (!processes) return 0;
  int count = 0;
  while (const dirent* entry = readdir(processes)) {
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') count += num_threads(proc, entry->d_name);
  }
  closedir(processes);
  return count;
}

TreeUse measure_tree(int proc, pid_t root) {
  TreeUse use;
  std::vector<pid_t> pending = {root};
  for (size_t next = 0; next < pending.size() && next < kMostProcesses; ++next) {
    add_process(proc, pending[next], use, pending);
  }
  return use;
}

}  // namespace aha::box
