// One of several strings, in any tokens that spell it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aha/rollout/constraint.h"

namespace aha::rollout {

/// The strings, sorted, and from where in them a vocabulary's tokens lead to an end. Thread-safe.
class Choices {
 public:
  /// What has been read: the choices that begin so, and how many bytes.
  struct State {
    int32_t begin, end, position;
  };
  /// @param tables of the vocabulary · banned tokens that are never drawn
  /// @throws ConfigError for no choice, an empty or repeated one, one that the tokens cannot spell, and too many
  Choices(const std::vector<std::string>& choices, const Vocabulary::Tables& tables,
          const std::vector<int64_t>& banned);

  State start() const { return {0, static_cast<int32_t>(texts_.size()), 0}; }
  /// @return false, and anything in `state`, where the byte may not come
  bool read_byte(State& state, uint8_t byte) const;
  bool may_end(const State& state) const { return std::ssize(texts_[state.begin]) == state.position; }
  /// No choice is longer.
  bool is_finished(const State& state) const { return may_end(state) && state.end - state.begin == 1; }
  /// Tokens lead from here to the end of a choice.
  bool has_way_out(const State& state) const { return has_way_out_[offsets_[state.begin] + state.position]; }

 private:
  void find_ways_out(const Vocabulary::Tables& tables, const std::vector<uint8_t>& is_banned,
                     const std::vector<size_t>& order);
  std::vector<std::string> texts_;
  std::vector<int64_t> offsets_;      // of each text in the bytes of all, with an end
  std::vector<uint8_t> has_way_out_;  // by offset of the first text that begins so, and position
};

class ChoiceConstraint final : public Constraint {
 public:
  ChoiceConstraint(std::shared_ptr<const Vocabulary> vocabulary, std::shared_ptr<const Choices> choices);
  void allow(std::span<uint8_t> allowed_V) override;
  void accept(int32_t token) override;
  bool is_finished() const override { return is_ended_ || choices_->is_finished(state_); }

 private:
  std::shared_ptr<const Vocabulary> vocabulary_;
  const Vocabulary::Tables& tables_;
  std::shared_ptr<const Choices> choices_;
  Choices::State state_;
  bool is_ended_ = false;
};

}  // namespace aha::rollout
