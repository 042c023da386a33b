// Writing to a pipe whose reader may be gone, without the signal that would end this process.
#pragma once
#include <sys/types.h>

#include <string_view>

namespace aha::reward {

/// As write(2), but EPIPE is only returned: what other threads and the program around us do with SIGPIPE stays as is.
ssize_t quiet_write(int pipe_end, std::string_view bytes);

}  // namespace aha::reward
