// aha bench: how fast this machine samples, trains and tokenizes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "aha/core/error.h"
#include "aha/report/process_memory.h"
#include "aha/train/sft_trainer.h"
#include "verbs/bench_inputs.h"
#include "verbs/bench_rollout.h"
#include "verbs/bench_step.h"
#include "verbs/bench_tokenize.h"
#include "verbs/model_options.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct BenchArguments {
  std::filesystem::path model;
  int64_t batch = 8, length = 256, steps = 10, warmup = 2;
  bool bf16 = false, gradient_checkpointing = false;
  ModelOptions common;
};

// Of the steps that count.
struct TrainedSteps {
  std::vector<double> seconds, losses;
};

std::vector<data::TrainingSequence> random_batch(const BenchArguments& arguments, int64_t vocab_size, int64_t step) {
  std::vector<data::TrainingSequence> batch;
  for (int64_t i = 0; i < arguments.batch; ++i) {
    const uint64_t place = static_cast<uint64_t>(step * arguments.batch + i);
    batch.push_back({random_tokens(arguments.length, vocab_size, arguments.common.seed, place),
                     std::vector<float>(static_cast<size_t>(arguments.length), 1.0f)});
    batch.back().weights.front() = 0;
  }
  return batch;
}

TrainedSteps train_steps(model::Model& model, const BenchArguments& arguments, bool bf16) {
  train::SftConfig config;
  config.bf16 = bf16;
  config.gradient_checkpointing = arguments.gradient_checkpointing;
  config.tokens_per_micro_batch =
      std::max<int64_t>(arguments.length, arguments.batch * arguments.length / arguments.common.num_threads());
  train::SftTrainer trainer(model, config, arguments.common.num_threads());
  TrainedSteps trained;
  for (int64_t step = 0; step < arguments.warmup + arguments.steps; ++step) {
    const auto batch = random_batch(arguments, model.config().vocab_size, step);
    const Clock::time_point begin = Clock::now();
    const train::SftReport report = trainer.step(batch, 1e-4);
    if (step < arguments.warmup) continue;
    trained.seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
    trained.losses.push_back(report.loss);
  }
  return trained;
}

// The same steps from the same weights with exact products.
void add_float32_run(model::Model& model, const BenchArguments& arguments, const TrainedSteps& rounded,
                     ordered_json& out) {
  const TrainedSteps exact = train_steps(model, arguments, /*bf16=*/false);
  double largest = 0;
  for (size_t i = 0; i < exact.losses.size(); ++i)
    largest = std::max(largest, std::abs(rounded.losses[i] - exact.losses[i]));
  out["float32"] = {{"seconds_per_step", median(exact.seconds)}, {"loss", exact.losses.back()}};
  out["loss_difference_max"] = largest;
  out["times_float32"] = median(exact.seconds) / median(rounded.seconds);
}

void bench_train(const BenchArguments& arguments) {
  refuse_to_train_bfloat16(arguments.common);
  if (arguments.bf16 && arguments.common.dtype == "float64")
    throw ConfigError("--bf16", "rounds the operands of float32 products; leave --dtype at float32");
  model::Model model = open_bench_model(arguments.model, arguments.common);
  std::optional<model::Model> twin;
  if (arguments.bf16) twin = model.clone();
  const TrainedSteps trained = train_steps(model, arguments, arguments.bf16);
  const double step_seconds = median(trained.seconds);
  ordered_json out = {{"tokens_per_second", static_cast<double>(arguments.batch * arguments.length) / step_seconds},
                      {"seconds_per_step", step_seconds},
                      {"batch", arguments.batch},
                      {"length", arguments.length},
                      {"parameters", model.config().num_parameters()},
                      {"threads", arguments.common.num_threads()},
                      {"products", arguments.bf16 ? "bfloat16" : arguments.common.dtype},
                      {"gradient_checkpointing", arguments.gradient_checkpointing},
                      {"loss", trained.losses.back()},
                      {"peak_rss_bytes", report::peak_rss_bytes()}};
  if (twin) add_float32_run(*twin, arguments, trained, out);
  std::printf("%s\n", out.dump().c_str());
}

void add_train_options(Command bench, BenchArguments& arguments) {
  bench.add_option("--steps", arguments.steps, "steps that count").positive();
  bench.add_option("--warmup", arguments.warmup, "steps before them").not_negative();
}

void add_train(Command verb, const std::shared_ptr<BenchArguments>& arguments) {
  Command bench = verb.add_subcommand("train", "tokens a second while training");
  bench.add_option("--model", arguments->model, "model folder, or config.json for fresh weights").required();
  bench.add_option("--batch", arguments->batch, "sequences a step").positive();
  bench.add_option("--length", arguments->length, "tokens of a sequence").between(2, 1 << 20);
  add_train_options(bench, *arguments);
  bench.add_flag("--bf16", arguments->bf16, "products of operands rounded to bfloat16, beside the same steps without");
  bench.add_flag("--gradient-checkpointing", arguments->gradient_checkpointing,
                 "layers are computed again in the backward pass: less memory, same bits");
  add_model_options(bench, arguments->common);
  bench.footer(
      "Example:\n  aha bench train --model configs/models/nano.json --batch 8 --length 256\n"
      "The peak of memory is the process's: one call for each point of a curve over --length.");
  bench.callback([arguments] { bench_train(*arguments); });
}

}  // namespace

void add_bench(Command program) {
  auto arguments = std::make_shared<BenchArguments>();
  Command verb = program.add_subcommand("bench", "Measure speed; prints one JSON object, and a table on a terminal");
  verb.require_subcommand();
  add_bench_rollout(verb);
  add_train(verb, arguments);
  add_bench_step(verb);
  add_bench_tokenize(verb);
  verb.footer("Example:\n  aha bench rollout --model configs/models/nano.json --batch 1,8,64 --ignore-eos");
}

}  // namespace aha::tools
