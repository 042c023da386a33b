// Models with fresh weights, random ids, medians.
#include "verbs/bench_inputs.h"

#include <algorithm>

#include "aha/core/error.h"
#include "aha/core/random.h"

namespace aha::tools {

model::Model open_bench_model(const std::filesystem::path& path, const ModelOptions& common) {
  if (path.extension() != ".json") return model::load(path, common.load());
  if (common.device == "cuda") {
    throw ConfigError("--device",
                      "is cuda, but fresh weights of a config.json are made on the CPU; give a model folder");
  }
  const std::string& name = common.dtype;
  const auto dtype = name == "float64" ? at::kDouble : name == "bfloat16" ? at::kBFloat16 : at::kFloat;
  return model::Model::make(model::load_model_config(path), common.seed, dtype);
}

void refuse_to_train_bfloat16(const ModelOptions& common) {
  if (common.dtype == "bfloat16") throw ConfigError("--dtype", "must be float32 or float64 where weights train");
}

int64_t cache_bytes_for(const model::ModelConfig& config, const model::DecodeOptions& options, int64_t sequences,
                        int64_t length, int num_threads) {
  const int64_t pages = sequences * (length / model::kPageTokens + 2) + num_threads;
  return pages * model::KvCache::page_bytes(config, options);
}

std::vector<int32_t> random_tokens(int64_t count, int64_t vocab_size, uint64_t seed, uint64_t place) {
  Random random(seed, "bench", {place});
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < count; ++i)
    ids.push_back(static_cast<int32_t>(random.below(static_cast<uint64_t>(vocab_size))));
  return ids;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

}  // namespace aha::tools
