// The root folder of all boxes: /usr to read, a few devices, and places to mount a box's own folders on.
#pragma once
#include <string>

namespace aha::box {

/// In a mount namespace of our own: builds the folder, makes it the root, and lets go of the machine's files.
/// @return why not, or empty
std::string enter_root_folder();

/// An empty folder in memory, bounded in bytes and files. False with errno.
bool mount_memory(const char* path, long long bytes, int num_files, bool executable);
/// Of a mount and those below it. False with errno.
bool make_read_only(const char* path, unsigned long long extra_attributes = 0);

}  // namespace aha::box
