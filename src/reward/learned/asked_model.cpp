// Loads through the services, and checks that model and tokenizer belong together.
#include "reward/learned/asked_model.h"

#include <fmt/format.h>

namespace aha::reward {

AskedModel load_asked_model(const RewardConfig& config, const RewardServices& services) {
  const std::string& name = config.judge.model;
  if (!services.load_model || !services.load_tokenizer) {
    throw ConfigError("rewards.model", "nothing can load `" + name +
                                           "` here; judge in a stage of a recipe, or hand over RewardServices");
  }
  AskedModel asked{.model = services.load_model(name), .tokenizer = services.load_tokenizer(name)};
  const int64_t known = asked.model->config().vocab_size, ids = asked.tokenizer->vocab_size();
  if (ids > known) {
    throw InputError(name, fmt::format("the model's vocab_size is {}, but the tokenizer has {} ids; save its own "
                                       "tokenizer beside it",
                                       known, ids));
  }
  if (asked.tokenizer->eos_ids().empty()) {
    throw InputError(name, "its tokenizer has no end token, after which a completion is judged");
  }
  return asked;
}

}  // namespace aha::reward
