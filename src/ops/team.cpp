// A team's threads wait on counters of their own: first spinning, then asleep in the kernel.
#include "aha/ops/team.h"

#include <ATen/Parallel.h>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "aha/core/error.h"

namespace aha::ops {
namespace {

using Clock = std::chrono::steady_clock;

// About what a sleep and the waking cost. Yielding the core instead would leave it to another program for milliseconds:
// who sleeps is let in at once when called, who yields is not.
constexpr auto kSpin = std::chrono::microseconds(20);
constexpr int kLooksPerClock = 32;

void pause_core() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A number that one thread raises and others wait for, on a cache line of its own.
class alignas(64) Turn {
 public:
  uint32_t value() const { return value_.load(std::memory_order_relaxed); }
  void reset() { value_.store(0, std::memory_order_relaxed); }  // nobody waits

  // Order as in Dekker's algorithm: the value before the look for sleepers, here; sleepers before the look at the
  // value, there. One of the two sees the other.
  void raise(uint32_t value) {
    value_.store(value, std::memory_order_seq_cst);
    if (num_asleep_.load(std::memory_order_seq_cst) > 0) futex(FUTEX_WAKE_PRIVATE, INT32_MAX);
  }

  void wait_for(uint32_t value) {
    if (is_reached(value) || spin(value)) return;
    num_asleep_.fetch_add(1, std::memory_order_seq_cst);
    while (!is_reached(value)) futex(FUTEX_WAIT_PRIVATE, value - 1);
    num_asleep_.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  // The number wraps around; two threads are never more than one step apart.
  bool is_reached(uint32_t value) const {
    return static_cast<int32_t>(value_.load(std::memory_order_seq_cst) - value) >= 0;
  }

  bool spin(uint32_t value) const {
    const Clock::time_point end = Clock::now() + kSpin;
    do {
      for (int i = 0; i < kLooksPerClock; ++i) {
        if (is_reached(value)) return true;
        pause_core();
      }
    } while (Clock::now() < end);
    return false;
  }

  void futex(int operation, uint32_t value) {
    static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));
    syscall(SYS_futex, &value_, operation, value, nullptr, nullptr, 0);
  }

  std::atomic<uint32_t> value_ = 0;
  std::atomic<uint32_t> num_asleep_ = 0;
};

}  // namespace

struct Team::State {
  struct Member {
    Turn called;   // for work, by run()
    Turn ended;    // the work, by the member
    Turn arrived;  // at a barrier, by the member
  };

  explicit State(int size) : members(static_cast<size_t>(size)) { threads.reserve(members.size() - 1); }
  ~State() {
    work = nullptr;  // no more
    for (int part = 1; part < size(); ++part) call(part);
  }

  int size() const { return static_cast<int>(members.size()); }
  Member& member(int part) { return members[static_cast<size_t>(part)]; }
  void call(int part) { member(part).called.raise(member(part).called.value() + 1); }

  void serve(int part) noexcept {
    at::set_num_threads(1);
    for (uint32_t turn = 1;; ++turn) {
      member(part).called.wait_for(turn);
      if (!work) return;
      work(context, {part, parts});
      member(part).ended.raise(turn);
    }
  }

  void (*work)(void* context, Share share) = nullptr;
  void* context = nullptr;
  int parts = 1;
  std::vector<Member> members;
  std::vector<std::jthread> threads;  // joined before the rest goes
};

Team::Team(int size) {
  if (size < 1) throw ConfigError("num_threads", "a team needs at least one thread, not " + std::to_string(size));
  state_ = std::make_unique<State>(size);
  for (int part = 1; part < size; ++part)
    state_->threads.emplace_back([state = state_.get(), part] { state->serve(part); });
}

Team::~Team() = default;

int Team::size() const { return state_->size(); }

void Team::run(int parts, void (*work)(void* context, Share share), void* context) {
  if (parts == 1) return work(context, {});
  State& state = *state_;
  AHA_CHECK(parts >= 1 && parts <= state.size(),
            "a team of " + std::to_string(state.size()) + " cannot do work in " + std::to_string(parts) + " parts");
  state.work = work;
  state.context = context;
  state.parts = parts;
  for (int part = 0; part < parts; ++part) state.member(part).arrived.reset();
  for (int part = 1; part < parts; ++part) state.call(part);
  [&]() noexcept { work(context, {0, parts}); }();
  for (int part = 1; part < parts; ++part) state.member(part).ended.wait_for(state.member(part).called.value());
}

// Each tells its own arrival and looks for the others': one journey of a cache line where a shared count takes two.
void Team::barrier(Share share) {
  if (share.parts == 1) return;
  State& state = *state_;
  const uint32_t turn = state.member(share.part).arrived.value() + 1;
  state.member(share.part).arrived.raise(turn);
  for (int part = 0; part < share.parts; ++part)
    if (part != share.part) state.member(part).arrived.wait_for(turn);
}

}  // namespace aha::ops
