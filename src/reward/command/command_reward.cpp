// Keeps one program for all that ask it, and turns whatever goes wrong with it into counted failures.
#include "reward/command/command_reward.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "reward/command/command_failure.h"
#include "reward/command/command_lines.h"
#include "reward/command/command_process.h"

namespace aha::reward {
namespace {

constexpr double kCommandTimeoutSeconds = 60;
constexpr double kLongestTimeout = 1e8;  // what a clock can add

Score failed_command(const CommandFailure& failure) {
  Score score;
  score.fault = std::string("the command ") + failure.what();
  score.has_timed_out = failure.has_timed_out;
  return score;
}

}  // namespace

struct CommandReward::Server {
  std::mutex mutex;
  std::unique_ptr<CommandProcess> process;  // empty before the first batch and after a failure

  std::string exchange(const CommandLaunch& launch, const std::string& line, const CommandProcess::Limits& limits) {
    if (!process) process = std::make_unique<CommandProcess>(launch);
    std::string answer = process->exchange(line, limits);
    if (!process->is_running()) process.reset();
    return answer;
  }
};

std::shared_ptr<CommandReward::Server> CommandReward::server_of(const CommandLaunch& launch) {
  static std::mutex mutex;
  static std::map<std::pair<std::vector<std::string>, int64_t>, std::weak_ptr<Server>> servers;
  const std::lock_guard lock(mutex);
  std::weak_ptr<Server>& known = servers[{launch.command, launch.address_space_bytes}];
  std::shared_ptr<Server> server = known.lock();
  if (!server) known = server = std::make_shared<Server>();
  return server;
}

CommandReward::CommandReward(const RewardConfig& config, const RewardServices& services)
    : launch_{.name = config.name,
              .command = config.command.command,
              .address_space_bytes = config.limits.memory_mb.value_or(0) << 20},
      timeout_(std::min(config.limits.timeout_seconds.value_or(kCommandTimeoutSeconds), kLongestTimeout)) {
  const std::string path = "rewards." + config.name + ".command";
  if (launch_.command.empty() || launch_.command.front().empty()) {
    throw ConfigError(path, "names no program; write a list: [python3, my_reward.py]");
  }
  if (!services.allow_commands) {
    throw ConfigError(path, "is a program that would run with your rights; read it, and say --allow-commands");
  }
  server_ = server_of(launch_);
}

Score CommandReward::score(const Submission& submission) const { return score_batch({submission}, {})[0]; }

std::vector<Score> CommandReward::score_batch(const std::vector<Submission>& submissions, std::stop_token stop) const {
  if (submissions.empty()) return {};
  const std::lock_guard lock(server_->mutex);
  try {
    return ask(submissions, std::move(stop));
  } catch (const CommandFailure& failure) {
    server_->process.reset();
    return std::vector<Score>(submissions.size(), failed_command(failure));
  } catch (...) {
    server_->process.reset();
    throw;
  }
}

std::vector<Score> CommandReward::ask(const std::vector<Submission>& submissions, std::stop_token stop) const {
  const std::string line = request_line(submissions);
  const CommandProcess::Limits limits = {
      .deadline = CommandProcess::Clock::now() + std::chrono::duration_cast<CommandProcess::Clock::duration>(timeout_),
      .stop = std::move(stop),
      .answer_bytes = longest_answer(submissions.size())};
  try {
    return read_answer(server_->exchange(launch_, line, limits), submissions.size());
  } catch (const CommandFailure& failure) {
    if (!failure.was_gone) throw;
    server_->process.reset();  // a program that ends after each answer
    return read_answer(server_->exchange(launch_, line, limits), submissions.size());
  }
}

void CommandReward::check_example(const data::Example& example, const std::string& place) const {
  check_columns(example, place);
}

}  // namespace aha::reward
