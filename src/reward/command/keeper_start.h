// Starts a program of the user's below a keeper, which ends it together with everything it has started.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/descriptor.h"

namespace aha::reward {

/// What is started, and for whom.
struct CommandLaunch {
  std::string name;                  // of the reward, for the log
  std::vector<std::string> command;  // argv; no shell
  int64_t address_space_bytes = 0;   // of each of its processes; 0: no limit
};

/// Our ends of what leads to the program. Reading and writing them never waits.
struct KeeperEnds {
  Descriptor requests, answers, errors;  // the program's stdin, stdout, stderr
  Descriptor control;                    // keeper::Message each; closing it ends the program
  pid_t keeper = -1;
};

/// @param mark is put into the environment of the program, and so of what it starts
/// @throws CommandFailure
void start_keeper(const CommandLaunch& launch, const std::string& mark, KeeperEnds& ends);

}  // namespace aha::reward
