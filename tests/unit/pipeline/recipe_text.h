// Recipes for the tests of this room.
#pragma once
#include <string>

#include "aha/core/config_tree.h"
#include "aha/core/error.h"
#include "pipeline/recipe.h"

namespace aha::pipeline::recipe_text {

inline const std::string kTinyModel = std::string(AHA_SOURCE_DIR) + "/tests/smoke/tiny_model.json";

inline const std::string kHead = R"(
name: t
tasks:
  sums: {generator: last_digit_sum, count: 64, holdout: 8, options: {min_terms: 2, max_terms: 3}}
stages:
)";

inline const std::string kBase =
    "  - {name: base, kind: pretrain, model: {config: " + kTinyModel +
    "}, data: [{generator: corpus, options: {min_terms: 2, max_terms: 3}}],\n"
    "     tokens_per_step: 256, max_tokens: 2048, learning_rate: 3.0e-3, bias_update_rate: 1.0e-3}\n";

inline LoadedRecipe recipe_of(const std::string& text) { return read_recipe(ConfigTree::parse_yaml(text, "t.yaml")); }

/// The findings of a recipe that must be refused.
inline std::string findings(const std::string& text) {
  try {
    recipe_of(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was found";
}

}  // namespace aha::pipeline::recipe_text
