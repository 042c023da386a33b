// What the benchmarks of models are fed with.
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "aha/model/model.h"
#include "verbs/model_options.h"

namespace aha::tools {

/// A folder is loaded; a config.json gets fresh weights.
model::Model open_bench_model(const std::filesystem::path& path, const ModelOptions& common);

/// @param place tells the sequences of a run apart
std::vector<int32_t> random_tokens(int64_t count, int64_t vocab_size, uint64_t seed, uint64_t place);

/// The middle value, the upper one of two; 0 of none.
double median(std::vector<double> values);

}  // namespace aha::tools
