// Options and loaders that the model verbs share.
#include "verbs/model_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "aha/core/error.h"
#include "aha/model/model_files.h"
#include "aha/ops/parallel.h"
#include "aha/rollout/constraint.h"

namespace aha::tools {

int ModelOptions::num_threads() const { return threads > 0 ? threads : ops::default_num_threads(); }

void add_model_options(Command verb, ModelOptions& options) {
  verb.add_option("--device", options.device, "auto, cpu or cuda").one_of({"auto", "cpu", "cuda"});
  verb.add_option("--dtype", options.dtype, "of the weights: float32, float64, or bfloat16 for half the memory")
      .one_of({"float32", "float64", "bfloat16"});
  verb.add_option("--threads", options.threads, "worker threads; 0 takes the cores there are").not_negative();
  verb.add_option("--seed", options.seed, "of the random numbers");
  verb.add_flag("--json", options.json, "machine-readable output alone on stdout");
}

void add_sampling_options(Command verb, rollout::SamplingParams& sampling) {
  verb.add_option("--max-completion-length", sampling.max_completion_length, "most tokens of a completion").positive();
  verb.add_option("--temperature", sampling.temperature, "divides the logits; 0 takes the likeliest token")
      .not_negative();
  verb.add_option("--top-p", sampling.top_p, "keeps the likeliest tokens up to this probability").between(0.0, 1.0);
  verb.add_option("--top-k", sampling.top_k, "keeps this many of the likeliest tokens; 0 keeps all").not_negative();
  verb.add_option("--min-p", sampling.min_p, "drops tokens below this share of the likeliest one's probability")
      .between(0.0, 1.0);
  verb.add_option("--repetition-penalty", sampling.repetition_penalty,
                  "above 1: tokens of prompt and completion become less likely; 1 is off")
      .positive();
  verb.add_option("--bad-token-ids", sampling.bad_token_ids, "tokens that are never drawn, like 12,13")
      .delimiter(',')
      .not_negative();
}

void add_guide_options(Command verb, rollout::SamplingParams& sampling) {
  verb.add_option("--guided-choice", sampling.guided_choice, "a string; the completion is one of those given")
      .repeatable();
  verb.add_flag("--guided-json", sampling.guided_json, "the completion is one JSON value");
}

void add_engine_options(Command verb, EngineFlags& flags) {
  verb.add_option("--cache-mb", flags.cache_mb, "memory of the key-value cache").between(1, 1 << 30);
  verb.add_flag("--exact-logprobs", flags.exact_logprobs,
                "log-probs have the bits of the training forward; takes more cache where attention is latent");
  verb.add_option("--speculation", flags.speculation, "drafts tokens ahead: ngram, or mtp (the model's own head)")
      .one_of({"none", "ngram", "mtp"});
  verb.add_option("--num-draft-tokens", flags.num_draft_tokens, "most drafts a step, by ngram").between(1, 64);
}

rollout::EngineOptions EngineFlags::options(const ModelOptions& common) const {
  return {.cache_bytes = cache_mb << 20,
          .num_threads = common.num_threads(),
          .exact_logprobs = exact_logprobs,
          .speculation = speculation,
          .num_draft_tokens = num_draft_tokens};
}

model::ModelConfig describe_config(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder / "config.json", error)) {
    throw InputError(folder.string(), "has no config.json; a model folder holds config.json and model.safetensors");
  }
  return model::describe_model(folder).config;
}

void check_options(const rollout::SamplingParams& sampling, const EngineFlags& flags, const model::ModelConfig& config,
                   const std::shared_ptr<const data::Tokenizer>& tokenizer) {
  for (const int64_t id : sampling.bad_token_ids) {
    if (id < config.vocab_size) continue;
    throw ConfigError("--bad-token-ids",
                      fmt::format("has {}, but the vocabulary ends at {}", id, config.vocab_size - 1));
  }
  if (flags.speculation == "mtp" && config.num_nextn_predict_layers == 0) {
    throw ConfigError("--speculation", "is mtp, but this model has no MTP module; use ngram");
  }
  if (!sampling.stop.empty() && !tokenizer)
    throw ConfigError("--stop", "needs a tokenizer; this model folder has none");
  if (std::ranges::find(sampling.stop, "") != sampling.stop.end()) {
    throw ConfigError("--stop", "an empty string would end every completion; remove it");
  }
  std::vector<int32_t> ends = tokenizer ? tokenizer->eos_ids() : std::vector<int32_t>{};
  ends.insert(ends.end(), config.eos_token_ids.begin(), config.eos_token_ids.end());
  const rollout::Guide guide(sampling,
                             std::make_shared<rollout::Vocabulary>(tokenizer, config.vocab_size, std::move(ends)));
}

void check_prompt(const std::vector<int32_t>& token_ids, int64_t max_completion_length,
                  const model::ModelConfig& config, const std::string& place) {
  if (token_ids.empty()) throw InputError(place, "has an empty prompt; a completion needs one token to follow");
  for (const int32_t id : token_ids) {
    if (id >= 0 && id < config.vocab_size) continue;
    throw InputError(place, fmt::format("token id {} is outside the model's vocabulary of {}", id, config.vocab_size));
  }
  const int64_t length = std::ssize(token_ids);
  if (length > config.max_position_embeddings - max_completion_length) {
    throw InputError(place,
                     fmt::format("has {} tokens, and with --max-completion-length {} exceeds the model's context "
                                 "of {}; shorten one of them",
                                 length, max_completion_length, config.max_position_embeddings));
  }
}

std::shared_ptr<const data::Tokenizer> find_tokenizer(const std::filesystem::path& folder) {
  return data::has_tokenizer(folder) ? data::load_tokenizer(folder) : nullptr;
}

std::shared_ptr<const data::Tokenizer> need_tokenizer(const std::filesystem::path& folder, const std::string& purpose) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) throw InputError(folder.string(), "is no folder");
  auto tokenizer = find_tokenizer(folder);
  if (!tokenizer)
    throw InputError(folder.string(), "has no tokenizer.json or tokenizer.model, which " + purpose + " needs");
  return tokenizer;
}

}  // namespace aha::tools
