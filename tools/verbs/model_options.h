// Options of every verb that loads a model, and what they load.
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "aha/data/tokenizer.h"
#include "aha/model/model.h"
#include "aha/rollout/engine.h"

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
void add_model_options(CLI::App& verb, ModelOptions& options);

/// --temperature and its like.
void add_sampling_options(CLI::App& verb, rollout::SamplingParams& sampling);

/// A folder's tokenizer; null where it has none.
std::shared_ptr<const data::Tokenizer> find_tokenizer(const std::filesystem::path& folder);
/// @throws InputError naming what the verb needs it for
std::shared_ptr<const data::Tokenizer> need_tokenizer(const std::filesystem::path& folder, const std::string& purpose);

/// Largest resident size of this process so far.
int64_t peak_rss_bytes();

}  // namespace aha::tools
