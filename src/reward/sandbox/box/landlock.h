// Landlock: what a program may open where no namespace can be made.
#pragma once

namespace aha::box {

/// Of this kernel; 0 without Landlock. 6 is the first whose signals and abstract sockets stay inside.
int landlock_version();
inline constexpr int kLandlockNeeded = 6;

/// From here on this thread and all that it starts read system folders and a few devices, and write nothing. Needs
/// no_new_privs. False with errno.
bool enter_landlock();

}  // namespace aha::box
