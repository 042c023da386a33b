// What runs and compiles programs on this machine.
#pragma once
#include <string>

#include "aha/reward/sandbox.h"

namespace aha::reward {

/// Path of the interpreter or compiler as boxes see it; empty where it is not installed.
std::string toolchain_path(ProgramLanguage language);
/// @throws MissingError that names the package
void check_toolchain(ProgramLanguage language);

}  // namespace aha::reward
