// One JSON value, in any tokens that spell it.
#pragma once
#include <memory>

#include "aha/rollout/constraint.h"
#include "rollout/json_automaton.h"

namespace aha::rollout {

class JsonConstraint final : public Constraint {
 public:
  /// @param vocabulary with tables
  explicit JsonConstraint(std::shared_ptr<const Vocabulary> vocabulary);
  void allow(std::span<uint8_t> allowed_V) override;
  void accept(int32_t token) override;
  bool is_finished() const override { return state_.place == JsonState::Place::kDone; }

 private:
  std::shared_ptr<const Vocabulary> vocabulary_;
  const Vocabulary::Tables& tables_;
  JsonState state_;
  bool is_first_ = true;
};

}  // namespace aha::rollout
