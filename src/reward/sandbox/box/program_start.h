// The program of a box from its process's first moment to execve.
#pragma once
#include <sys/types.h>

#include "reward/sandbox/box/inside.h"

namespace aha::box {

/// Where the program lies in the box, by what is done with it.
const char* program_path(Job job);
/// Where the compiler puts what it makes.
inline constexpr const char* kArtifactPath = "/tmp/program";

/// @param failed_end gets a Started if the program cannot be started; closes when it has
/// @param parent     the program ends with it
[[noreturn]] void start_program(const Insides& insides, int failed_end, pid_t parent);

}  // namespace aha::box
