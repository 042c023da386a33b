// Which system calls a program in a box may make.
#pragma once

namespace aha::box {

/// kSingle: threads, no processes. kCompile: processes too. kReadOnly: as kSingle, and nothing that changes a file by
/// its name, for Landlock does not see the modes and times of files.
enum class Profile { kSingle, kCompile, kReadOnly };

/// Builds the filters once, before anything else runs. False where libseccomp refuses.
bool build_filters();
/// Of the calling thread and all that it starts, for good. Needs no_new_privs.
bool apply_filter(Profile profile);

}  // namespace aha::box
