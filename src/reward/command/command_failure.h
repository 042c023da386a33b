// Why a program of the user's gave no rewards.
#pragma once
#include <stdexcept>
#include <string>

namespace aha::reward {

struct CommandFailure : std::runtime_error {
  explicit CommandFailure(const std::string& sentence) : std::runtime_error(sentence) {}
  bool has_timed_out = false;
  bool was_gone = false;  // it had ended after an earlier answer, and has not been asked: a new one may be
};

}  // namespace aha::reward
