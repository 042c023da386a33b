// A cgroup of our own for a server and its boxes: exact limits of memory and processes. Versions 1 and 2.
#pragma once
#include <cstdint>
#include <string>

#include "reward/sandbox/box/descriptor.h"

namespace aha::box {

class ControlGroup {
 public:
  /// Makes the groups and moves this process into them. @param name of the new folders. @return why not; empty if done
  std::string make(const std::string& name);
  explicit operator bool() const { return bool(memory_limit_); }
  /// Of this process and the box together. False where the kernel refuses.
  bool limit_memory(int64_t bytes);
  /// Processes of ours that the kernel killed for memory, ever.
  int64_t num_killed() const;
  const std::string& memory_folder() const { return memory_folder_; }
  const std::string& process_folder() const { return process_folder_; }  // of version 1, a second one

 private:
  std::string memory_folder_, process_folder_;
  Descriptor memory_limit_, memory_events_;
  int64_t limit_ = -1;
};

}  // namespace aha::box
