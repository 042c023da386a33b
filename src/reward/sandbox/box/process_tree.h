// What the processes of a box use, as the machine's /proc tells from outside.
#pragma once
#include <sys/types.h>

#include <cstdint>

namespace aha::box {

struct TreeUse {
  double cpu_seconds = 0;     // of all threads that live
  double waited_seconds = 0;  // for a core: of the thread that waited longest
  int64_t resident_bytes = 0;
};

/// Of `root` and all that descends from it.
TreeUse measure_tree(int proc, pid_t root);

/// Of all processes of this process's user.
int count_threads_of_user(int proc);

}  // namespace aha::box
