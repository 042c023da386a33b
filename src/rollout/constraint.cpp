// Checks what a guide is asked for, and starts its constraints.
#include "aha/rollout/constraint.h"

#include <fmt/format.h>

#include <algorithm>

#include "aha/core/error.h"
#include "rollout/choice_constraint.h"
#include "rollout/json_constraint.h"
#include "rollout/vocabulary.h"

namespace aha::rollout {

namespace {

// With each of these as a token of its own there is no beginning that cannot be gone on with.
void check_json(const Vocabulary::Tables& tables, const std::vector<int64_t>& banned) {
  const auto may_be_drawn = [&](int32_t token) {
    return std::find(banned.begin(), banned.end(), token) == banned.end();
  };
  for (const char character : std::string_view(kJsonCharacters)) {
    const auto& tokens = tables.byte_tokens[static_cast<uint8_t>(character)];
    if (std::none_of(tokens.begin(), tokens.end(), may_be_drawn)) {
      throw ConfigError("guided_json", fmt::format("needs a token for `{}` alone that may be drawn", character));
    }
  }
  if (std::none_of(tables.ends.begin(), tables.ends.end(), may_be_drawn)) {
    throw ConfigError("guided_json", "needs an end token that may be drawn, for numbers");
  }
}

}  // namespace

struct Guide::State {
  std::shared_ptr<const Vocabulary> vocabulary;
  std::shared_ptr<const Choices> choices;  // null: JSON
};

Guide::Guide(const SamplingParams& params, std::shared_ptr<const Vocabulary> vocabulary) {
  const bool has_choices = !params.guided_choice.empty();
  if (!has_choices && !params.guided_json) return;
  if (has_choices && params.guided_json) {
    throw ConfigError("guided_json", "and guided_choice exclude each other; set one of them");
  }
  const char* key = has_choices ? "guided_choice" : "guided_json";
  const Vocabulary::Tables* tables = vocabulary->tables();
  if (!tables) throw ConfigError(key, "needs a tokenizer; this model folder has none");
  State state{std::move(vocabulary), nullptr};
  if (has_choices) {
    state.choices = std::make_shared<const Choices>(params.guided_choice, *tables, params.bad_token_ids);
  } else {
    check_json(*tables, params.bad_token_ids);
  }
  state_ = std::make_shared<const State>(std::move(state));
}

std::unique_ptr<Constraint> Guide::start() const {
  if (!state_) return nullptr;
  if (state_->choices) return std::make_unique<ChoiceConstraint>(state_->vocabulary, state_->choices);
  return std::make_unique<JsonConstraint>(state_->vocabulary);
}

}  // namespace aha::rollout
