// Verifier `command`: a program of the user's judges a batch at a time.
#pragma once
#include <chrono>
#include <memory>

#include "aha/reward/reward.h"
#include "reward/command/keeper_start.h"

namespace aha::reward {

/// The program lives as long as a reward that names it: it starts with the first batch, and anew after a failure.
/// Rewards of the same command and limits share it; they ask one after the other.
class CommandReward final : public Reward {
 public:
  /// @throws ConfigError unless commands are allowed
  CommandReward(const RewardConfig& config, const RewardServices& services);
  Score score(const Submission& submission) const override;
  bool is_batched() const override { return true; }
  std::vector<Score> score_batch(const std::vector<Submission>& submissions, std::stop_token stop) const override;
  void check_example(const data::Example& example, const std::string& place) const override;

 private:
  struct Server;
  static std::shared_ptr<Server> server_of(const CommandLaunch& launch);
  std::vector<Score> ask(const std::vector<Submission>& submissions, std::stop_token stop) const;

  CommandLaunch launch_;
  std::chrono::duration<double> timeout_;
  std::shared_ptr<Server> server_;
};

}  // namespace aha::reward
