// A program of the user's that answers a line with a line; it and all that it starts end with this object.
#pragma once
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>

#include "reward/command/command_log.h"
#include "reward/command/keeper_start.h"

namespace aha::reward {

class CommandProcess {
 public:
  using Clock = std::chrono::steady_clock;

  /// Logs the command and starts it. @throws CommandFailure
  explicit CommandProcess(const CommandLaunch& launch);
  /// Kills the program and all that it has started; that takes two seconds at most.
  ~CommandProcess();
  CommandProcess(const CommandProcess&) = delete;
  CommandProcess& operator=(const CommandProcess&) = delete;

  /// When waiting ends without an answer.
  struct Limits {
    Clock::time_point deadline;
    std::stop_token stop = {};
    size_t answer_bytes = size_t{1} << 20;
  };
  /// Sends a line and returns the one that answers it, both without their end. After an exception the program is of no
  /// more use.
  /// @throws CommandFailure; StoppedError
  std::string exchange(const std::string& line, const Limits& limits);
  /// False if it ended of its own accord after its answer.
  bool is_running() const { return !has_ended_; }

 private:
  std::string ask(const std::string& line, const Limits& limits);
  void send(const std::string& line, const Limits& limits);
  void serve(bool wants_to_write, int most_milliseconds, const Limits& limits);
  void take_answer(const Limits& limits);
  void take_errors();
  void take_messages(const Limits& limits);
  bool is_gone() const { return has_ended_ || !ends_.answers.is_open(); }  // no answer can come
  [[noreturn]] void fail_silent(const Limits& limits);
  bool end_by_keeper();
  void end_by_force();

  std::string mark_;
  KeeperEnds ends_;
  CommandLog log_;
  std::string answer_;
  pid_t program_ = -1;
  int status_ = 0;
  bool has_answered_ = false;  // an earlier line
  bool is_asked_ = false;      // this line is sent, its end included
  bool has_ended_ = false;
};

}  // namespace aha::reward
