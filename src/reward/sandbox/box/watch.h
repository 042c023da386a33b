// Watches a box from outside: feeds it, reads it up to its bound, keeps its time, and believes only its first process.
#pragma once
#include <string>
#include <string_view>

#include "reward/sandbox/box/inside.h"
#include "reward/sandbox/box/run_box.h"

namespace aha::box {

struct OuterEnds {
  Descriptor in, out, err, verdict;
};

class Watch {
 public:
  Watch(const Stage& stage, const Request& request, pid_t process, std::string_view stdin_bytes, OuterEnds ends);
  /// Returns when the first process has told its verdict and closed everything, or when the box must be killed.
  void until_end();
  /// @param was_killed_for_memory the kernel did it since the box began
  Outcome outcome(bool was_killed_for_memory);

 private:
  bool is_over() const { return !ends_.out && !ends_.err && !ends_.verdict; }
  void wait_once();
  int wait_milliseconds() const;
  void feed();
  void read_output(Descriptor& end, std::string& bytes);
  void read_verdict();
  void keep_time();
  void keep_memory();
  void stop(Cause cause, const char* reason);
  bool has_started() const;
  void read_ended();
  void tell_why_not_started(const Started& started);

  const Stage& stage_;
  const Request& request_;
  const pid_t process_;
  std::string_view pending_stdin_;
  OuterEnds ends_;
  Outcome outcome_;
  std::string verdict_;
  bool is_stopped_ = false;
  double began_ = 0, started_ = 0, next_look_ = 0;  // seconds of the steady clock
};

}  // namespace aha::box
