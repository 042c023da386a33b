// Threads that do short pieces of work together.
#pragma once
#include <cstdint>
#include <memory>
#include <type_traits>

namespace aha::ops {

/// One of `parts` even shares of something: [begin(n), end(n)) of n items.
struct Share {
  int part = 0, parts = 1;
  int64_t begin(int64_t n) const { return n * part / parts; }
  int64_t end(int64_t n) const { return n * (part + 1) / parts; }
};

/// Threads that do short pieces of work together, many times a second: a step of the decoder, and inside it products
/// cut by columns. They spin for some microseconds and then sleep, both for work and at a barrier, so that a machine
/// that is busy elsewhere is not held up. Nothing is allocated by run() or barrier(). One run() at a time.
class Team {
 public:
  /// Starts size - 1 threads, each with ATen at one thread. @throws ConfigError for a size below 1
  explicit Team(int size);
  ~Team();
  int size() const;
  /// work({part, parts}) for each part, side by side; part 0 on the caller's thread. Returns when all have ended.
  /// parts <= size; 1 is a plain call. `work` must not throw: an exception ends the program.
  template <class Work>
  void run(int parts, Work&& work) {
    run(
        parts, [](void* context, Share share) { (*static_cast<std::remove_reference_t<Work>*>(context))(share); },
        const_cast<void*>(static_cast<const void*>(&work)));
  }
  /// Called by every part of a run() that has `share.parts` parts: returns once all of them have called it.
  void barrier(Share share);

 private:
  void run(int parts, void (*work)(void* context, Share share), void* context);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aha::ops
