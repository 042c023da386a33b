// Starts aha_box out of the library's own bytes, safely beside other threads.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace aha::reward {

/// The same descriptor under a number that the new process does not use; closed on exec. -1 with errno.
int above_standard(int descriptor);

struct BoxProgramStart {
  int socket = -1, owner = -1;     // above_standard; become kSocket and kOwner of the new process
  std::vector<std::string> words;  // its arguments
};
/// @return why it cannot be started; empty, and `process` set, if it was
std::string start_box_program(const BoxProgramStart& start, pid_t& process);

}  // namespace aha::reward
