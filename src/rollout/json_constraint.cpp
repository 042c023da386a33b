// Masks from the automaton and the tries.
#include "rollout/json_constraint.h"

#include <string>

#include "aha/core/error.h"
#include "rollout/vocabulary.h"

namespace aha::rollout {

JsonConstraint::JsonConstraint(std::shared_ptr<const Vocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)), tables_(*vocabulary_->tables()) {}

void JsonConstraint::allow(std::span<uint8_t> allowed_V) {
  const auto mark = [&](const JsonState& state, std::span<const int32_t> tokens) {
    if (state.is_inside_character() && !tables_.has_all_bytes) return;
    for (const int32_t token : tokens) allowed_V[token] = 1;
  };
  if (state_.place == JsonState::Place::kString) {
    std::copy(tables_.string_V.begin(), tables_.string_V.end(), allowed_V.begin());
    JsonState closed = state_;
    close_json_string(closed);
    tables_.closing->walk(closed, read_json_byte, mark);
    return;
  }
  std::fill(allowed_V.begin(), allowed_V.end(), uint8_t{0});
  tables_.trie(is_first_).walk(state_, read_json_byte, mark);
  if (may_json_end(state_)) tables_.allow_ends(allowed_V);
}

void JsonConstraint::accept(int32_t token) {
  bool fits = tables_.is_end(token) && may_json_end(state_);
  if (fits) {
    state_.place = JsonState::Place::kDone;
    return;
  }
  if (token >= 0 && token < tables_.texts.later.size()) {
    const std::string_view bytes = tables_.bytes(is_first_).of(token);
    fits = !bytes.empty();
    for (size_t i = 0; fits && i < bytes.size(); ++i) fits = read_json_byte(state_, static_cast<uint8_t>(bytes[i]));
  }
  if (!fits) {
    throw InputError("guided_json", "token " + std::to_string(token) + " does not go on with the JSON before it");
  }
  is_first_ = false;
}

}  // namespace aha::rollout
