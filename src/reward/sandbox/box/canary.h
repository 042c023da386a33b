// The canary: tries what a box must not let happen.
#pragma once

namespace aha::box {

/// Reads from stdin what lies outside ("file PATH", "process ID", "port N", "memory BYTES"), tries to reach it, and
/// writes a line for each try that worked; "held" alone if none did.
int try_to_get_out();

}  // namespace aha::box
