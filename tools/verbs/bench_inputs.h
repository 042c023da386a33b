// What the benchmarks of models are fed with.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "aha/model/decoder.h"
#include "aha/model/model.h"
#include "verbs/model_options.h"

namespace aha::tools {

/// A folder is loaded; a config.json gets fresh weights.
model::Model open_bench_model(const std::filesystem::path& path, const ModelOptions& common);

/// Weights of bfloat16 are for reading only. @throws ConfigError
void refuse_to_train_bfloat16(const ModelOptions& common);

/// Room in the cache for `sequences` of `length` tokens at once, as if they shared nothing, and a spare page each.
int64_t cache_bytes_for(const model::ModelConfig& config, const model::DecodeOptions& options, int64_t sequences,
                        int64_t length, int num_threads);

/// @param place tells the sequences of a run apart
std::vector<int32_t> random_tokens(int64_t count, int64_t vocab_size, uint64_t seed, uint64_t place);

/// The middle value, the upper one of two; 0 of none.
double median(std::vector<double> values);

}  // namespace aha::tools
