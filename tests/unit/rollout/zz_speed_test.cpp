// Local speed probe.
#include <gtest/gtest.h>
#include <cstdlib>
#include <cstdio>
#include "aha/model/model.h"
#include "aha/rollout/engine.h"
namespace aha::rollout {
TEST(Speed, DISABLED_Nano) {
  const char* path = std::getenv("MODEL");
  model::ModelConfig config = model::load_model_config(path ? path : AHA_SOURCE_DIR "/configs/models/nano.json");
  const model::Model model = model::Model::make(config, 1);
  const int threads = std::atoi(std::getenv("T") ? std::getenv("T") : "1");
  const int64_t length = std::atoi(std::getenv("L") ? std::getenv("L") : "64");
  const int64_t plen = std::atoi(std::getenv("P") ? std::getenv("P") : "16");
  const int64_t group = std::atoi(std::getenv("G") ? std::getenv("G") : "16");
  Engine engine(model, nullptr, {.num_threads = threads, .max_rows = std::atoi(std::getenv("R") ? std::getenv("R") : "256")});
  for (const char* b = std::getenv("B") ? std::getenv("B") : "1,8,64,256"; *b;) {
    const int64_t batch = std::strtol(b, const_cast<char**>(&b), 10);
    if (*b == ',') ++b;
    SamplingParams params;
    params.num_generations = std::min<int64_t>(batch, group);
    params.max_completion_length = length;
    params.ignore_eos = true;
    data::PromptBatch prompts;
    for (int64_t i = 0; i < batch / params.num_generations; ++i) {
      data::Prompt prompt; prompt.id = i;
      for (int64_t t = 0; t < plen; ++t) prompt.token_ids.push_back(static_cast<int32_t>((i * 31 + t * 7) % config.vocab_size));
      prompts.push_back(prompt);
    }
    const int repeats = std::max<int64_t>(3, std::atoi(std::getenv("N") ? std::getenv("N") : "2000") / batch);
    double best = 0, total = 0; int64_t tokens = 0;
    for (int i = 0; i < repeats; ++i) {
      engine.generate(prompts, params, {.seed = static_cast<uint64_t>(i), .stage = "a", .step = 0});
      best = std::max(best, engine.stats().completion_tokens / engine.stats().seconds);
      total += engine.stats().seconds; tokens += engine.stats().completion_tokens;
    }
    std::printf("threads %d batch %ld: best %.0f mean %.0f tokens/s\n", threads, batch, best, tokens / total);
  }
}
}
