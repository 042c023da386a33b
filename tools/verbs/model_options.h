// Options of every verb that loads a model, and what they load.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "aha/data/tokenizer.h"
#include "aha/model/model.h"
#include "aha/rollout/engine.h"
#include "command.h"

namespace aha::tools {

struct ModelOptions {
  std::string device = "auto", dtype = "float32";
  int threads = 0;
  uint64_t seed = 0;
  bool json = false;

  model::LoadOptions load() const { return {.device = device, .dtype = dtype}; }
  /// The threads asked for, or the cores there are.
  int num_threads() const;
};
void add_model_options(Command verb, ModelOptions& options);

/// --temperature and its like.
void add_sampling_options(Command verb, rollout::SamplingParams& sampling);
/// --guided-choice and --guided-json.
void add_guide_options(Command verb, rollout::SamplingParams& sampling);

/// How completions are computed; what they say does not depend on it.
struct EngineFlags {
  int64_t cache_mb = 256, num_draft_tokens = 4;
  std::string speculation = "none";
  bool exact_logprobs = false;
  rollout::EngineOptions options(const ModelOptions& common) const;
};
void add_engine_options(Command verb, EngineFlags& flags);

/// Config of a model folder, from its headers; the weights are not read.
model::ModelConfig describe_config(const std::filesystem::path& folder);
/// What can be said of options before weights are loaded. @throws ConfigError
void check_options(const rollout::SamplingParams& sampling, const EngineFlags& flags, const model::ModelConfig& config,
                   const std::shared_ptr<const data::Tokenizer>& tokenizer);
/// The same of a prompt: empty, an id outside the vocabulary, a context too short for it and its completion.
/// @throws InputError
void check_prompt(const std::vector<int32_t>& token_ids, int64_t max_completion_length,
                  const model::ModelConfig& config, const std::string& place);

/// A folder's tokenizer; null where it has none.
std::shared_ptr<const data::Tokenizer> find_tokenizer(const std::filesystem::path& folder);
/// @throws InputError naming what the verb needs it for
std::shared_ptr<const data::Tokenizer> need_tokenizer(const std::filesystem::path& folder, const std::string& purpose);

}  // namespace aha::tools
