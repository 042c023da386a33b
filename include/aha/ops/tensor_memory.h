// Tensors in large pages.
#pragma once

namespace aha::ops {

/// From now on memory of tensors on the CPU is asked for in large pages, where the system has such (Linux: transparent
/// huge pages, "madvise" or "always"), and memory that tensors free is kept for the next: training takes and frees the
/// same hundreds of megabytes at every step, and page faults and address look-ups would take a tenth to a fifth of it.
/// For programs, at their start; a library leaves its host's memory alone.
void use_large_pages();

/// Gives what is kept for the next tensors back to the system: between pieces of work that need much memory each, but
/// of other sizes. Does nothing unless large pages are in use.
void return_kept_memory();

}  // namespace aha::ops
