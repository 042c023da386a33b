// Samples random prompts batch by batch; the median run counts.
#include "verbs/bench_rollout.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/ops/machine_speed.h"
#include "aha/report/process_memory.h"
#include "verbs/bench_inputs.h"
#include "verbs/model_options.h"
#include "verbs/rollout_cost.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct RolloutArguments {
  std::filesystem::path model;
  std::vector<int64_t> batches;  // empty: {1, 8, 64}, or one group
  int64_t prompt_tokens = 16, repeats = 3;
  bool has_own_prompts = false;
  EngineFlags engine{.cache_mb = 0};  // 0: what the largest batch takes
  rollout::SamplingParams sampling;
  ModelOptions common;
};

// Measured where the weights are: of a buffer as large, and of products in their type.
struct Machine {
  Machine(const model::DecodeWeights& weights, int num_threads)
      : read_bytes_per_second(ops::read_bytes_per_second(num_threads, weights.bytes())),
        gemm_flops_per_second(ops::gemm_flops_per_second(num_threads, weights.options().type)) {}
  double read_bytes_per_second, gemm_flops_per_second;
};

struct BatchResult {
  int64_t batch = 0, prompts = 0, peak_rss = 0;
  double seconds = 0;
  rollout::EngineStats stats;
  RolloutCost cost;

  double tokens_per_second() const { return static_cast<double>(stats.completion_tokens) / seconds; }
  double bandwidth_share(const Machine& machine) const {
    return cost.bytes_per_token * tokens_per_second() / machine.read_bytes_per_second;
  }
  double gemm_share(const Machine& machine) const {
    return cost.flops_per_token * tokens_per_second() / machine.gemm_flops_per_second;
  }
};

std::vector<int64_t> check_batches(const RolloutArguments& arguments) {
  const int64_t group = arguments.sampling.num_generations;
  if (arguments.batches.empty()) return group == 1 ? std::vector<int64_t>{1, 8, 64} : std::vector{group};
  for (const int64_t batch : arguments.batches) {
    if (batch % group == 0) continue;
    throw ConfigError("--batch",
                      fmt::format("{} completions are no whole groups of --num-generations {}", batch, group));
  }
  return arguments.batches;
}

data::PromptBatch random_prompts(int64_t count, const RolloutArguments& arguments, int64_t vocab_size) {
  data::PromptBatch prompts(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    prompts[i].id = i;
    prompts[i].token_ids =
        random_tokens(arguments.prompt_tokens, vocab_size, arguments.common.seed, static_cast<uint64_t>(i));
  }
  return prompts;
}

int64_t planned_cache_bytes(const model::Model& model, const RolloutArguments& arguments, int64_t batch) {
  const bool is_bfloat16 = model.dtype() == at::kBFloat16;
  const model::DecodeOptions options = {.type = is_bfloat16 ? ops::NumberType::kBFloat16 : ops::NumberType::kFloat32,
                                        .with_mtp = arguments.engine.speculation == "mtp",
                                        .expand_latents = arguments.engine.exact_logprobs};
  return cache_bytes_for(model.config(), options, batch,
                         arguments.prompt_tokens + arguments.sampling.max_completion_length,
                         arguments.common.num_threads());
}

BatchResult time_batch(rollout::Engine& engine, const RolloutArguments& arguments, int64_t batch) {
  rollout::SamplingParams params = arguments.sampling;
  BatchResult result;
  result.batch = batch;
  result.prompts = batch / params.num_generations;
  if (arguments.has_own_prompts) {
    result.prompts = batch;
    params.num_generations = 1;
  }
  const data::PromptBatch prompts = random_prompts(result.prompts, arguments, engine.weights().config().vocab_size);
  const rollout::SampleKey key = {.seed = arguments.common.seed};
  data::CompletionBatch completions = engine.generate(prompts, params, key);  // warms up
  std::vector<double> seconds;
  for (int64_t i = 0; i < arguments.repeats; ++i) {
    completions = engine.generate(prompts, params, key);
    seconds.push_back(engine.stats().seconds);
  }
  result.seconds = median(std::move(seconds));
  result.stats = engine.stats();
  result.cost = rollout_cost(engine.weights(), result.stats, completions);
  result.peak_rss = report::peak_rss_bytes();
  return result;
}

ordered_json to_json(const BatchResult& result, const Machine& machine) {
  return {{"batch", result.batch},
          {"tokens_per_second", result.tokens_per_second()},
          {"seconds", result.seconds},
          {"prompts", result.prompts},
          {"prompt_tokens", result.stats.prompt_tokens},
          {"completion_tokens", result.stats.completion_tokens},
          {"bytes_per_token", result.cost.bytes_per_token},
          {"read_bandwidth_share", result.bandwidth_share(machine)},
          {"flops_per_token", result.cost.flops_per_token},
          {"gemm_peak_share", result.gemm_share(machine)},
          {"steps", result.stats.steps},
          {"computed_tokens", result.stats.computed_tokens},
          {"draft_tokens", result.stats.draft_tokens},
          {"accepted_draft_tokens", result.stats.accepted_draft_tokens},
          {"preemptions", result.stats.preemptions},
          {"peak_cache_bytes", result.stats.peak_cache_bytes},
          {"peak_rss_bytes", result.peak_rss}};
}

void print_json(const std::vector<BatchResult>& results, const Machine& machine, const ModelOptions& common) {
  ordered_json rows = ordered_json::array();
  for (const BatchResult& result : results) rows.push_back(to_json(result, machine));
  const ordered_json out = {{"results", rows},
                            {"machine",
                             {{"threads", common.num_threads()},
                              {"dtype", common.dtype},
                              {"read_bytes_per_second", machine.read_bytes_per_second},
                              {"gemm_flops_per_second", machine.gemm_flops_per_second}}}};
  std::printf("%s\n", out.dump().c_str());
}

void print_table(const std::vector<BatchResult>& results, const Machine& machine, const model::DecodeWeights& weights,
                 const ModelOptions& common) {
  fmt::print("{}, {:.1f} M parameters, {}, {:.1f} MB of weights, {} thread{}\n", weights.config().model_type,
             static_cast<double>(weights.config().num_parameters()) / 1e6, common.dtype,
             static_cast<double>(weights.bytes()) / 1e6, common.num_threads(), common.num_threads() == 1 ? "" : "s");
  fmt::print("this machine reads {:.1f} GB/s of as many bytes, and multiplies at {:.0f} GFLOP/s\n\n",
             machine.read_bytes_per_second / 1e9, machine.gemm_flops_per_second / 1e9);
  fmt::print("{:>6}  {:>10}  {:>9}  {:>9}  {:>10}  {:>12}  {:>8}  {:>8}\n", "batch", "tokens/s", "seconds", "MB/token",
             "of reading", "MFLOP/token", "of peak", "peak MB");
  for (const BatchResult& result : results) {
    fmt::print("{:>6}  {:>10.1f}  {:>9.3f}  {:>9.3f}  {:>9.1f}%  {:>12.2f}  {:>7.1f}%  {:>8.0f}\n", result.batch,
               result.tokens_per_second(), result.seconds, result.cost.bytes_per_token / 1e6,
               100 * result.bandwidth_share(machine), result.cost.flops_per_token / 1e6,
               100 * result.gemm_share(machine), static_cast<double>(result.peak_rss) / 1e6);
  }
}

void bench_rollout(const RolloutArguments& arguments) {
  const std::vector<int64_t> batches = check_batches(arguments);
  const model::Model model = open_bench_model(arguments.model, arguments.common);
  check_options(arguments.sampling, arguments.engine, model.config(), nullptr);
  check_prompt(random_tokens(arguments.prompt_tokens, model.config().vocab_size, 0, 0),
               arguments.sampling.max_completion_length, model.config(), "--prompt-tokens");
  rollout::EngineOptions options = arguments.engine.options(arguments.common);
  if (options.cache_bytes == 0) {
    options.cache_bytes = planned_cache_bytes(model, arguments, *std::ranges::max_element(batches));
  }
  rollout::Engine engine(model, nullptr, options);
  const Machine machine(engine.weights(), arguments.common.num_threads());
  std::vector<BatchResult> results;
  for (const int64_t batch : batches) results.push_back(time_batch(engine, arguments, batch));
  // Programs have always read JSON here; people read tables.
  if (arguments.common.json || isatty(STDOUT_FILENO) != 1) return print_json(results, machine, arguments.common);
  print_table(results, machine, engine.weights(), arguments.common);
}

}  // namespace

void add_bench_rollout(Command bench) {
  auto arguments = std::make_shared<RolloutArguments>();
  Command verb = bench.add_subcommand("rollout", "completion tokens a second");
  verb.add_option("--model", arguments->model, "model folder, or config.json for fresh weights").required();
  verb.add_option("--batch", arguments->batches, "completions at a time, one result each; 1,8,64 unless told")
      .delimiter(',')
      .between(1, 1 << 20);
  verb.add_option("--prompt-tokens", arguments->prompt_tokens, "random tokens of a prompt").between(1, 1 << 24);
  verb.add_option("--num-generations", arguments->sampling.num_generations, "completions that share a prompt")
      .between(1, 1 << 20);
  verb.add_flag("--no-shared-prompt", arguments->has_own_prompts, "gives every completion a prompt of its own");
  verb.add_option("--repeats", arguments->repeats, "runs whose median counts, after one that does not")
      .between(1, 1000);
  verb.add_flag("--ignore-eos", arguments->sampling.ignore_eos, "goes on to --max-completion-length");
  add_sampling_options(verb, arguments->sampling);
  add_engine_options(verb, arguments->engine);
  add_model_options(verb, arguments->common);
  verb.footer(
      "A table on a terminal; elsewhere, and with --json, {\"results\": […], \"machine\": {…}}.\n"
      "Example:\n  aha bench rollout --model configs/models/nano.json --batch 1,8,64 --ignore-eos");
  verb.callback([arguments] { bench_rollout(*arguments); });
}

}  // namespace aha::tools
