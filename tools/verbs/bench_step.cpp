// Takes GRPO steps on random prompts with a reward that every group disagrees about; the median of each phase counts.
#include "verbs/bench_step.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "aha/core/error.h"
#include "aha/report/process_memory.h"
#include "aha/train/grpo_trainer.h"
#include "verbs/bench_inputs.h"
#include "verbs/model_options.h"
#include "verbs/number_tokenizer.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::array kPhases = {"generate", "reward", "logprobs", "forward", "backward", "optimizer", "other"};

struct StepArguments {
  std::filesystem::path model;
  int64_t prompts = 8, prompt_tokens = 16, steps = 5, warmup = 2;
  bool has_own_prompts = false;
  EngineFlags engine{.cache_mb = 0};  // 0: what a step takes
  std::string rollout_dtype = "auto";
  train::GrpoConfig training;
  ModelOptions common;
};

// What of the steps counts: [step], after those that warm up.
struct StepTimes {
  std::vector<double> seconds, tokens, completion_tokens;
  std::map<std::string, std::vector<double>> phases;
};

struct StepResult {
  double seconds = 0, tokens = 0, completion_tokens = 0;
  std::vector<double> phases;  // of kPhases
  int64_t parameters = 0, peak_rss = 0;
};

rollout::EngineOptions engine_options(const StepArguments& arguments, const model::ModelConfig& config) {
  const rollout::SamplingParams& sampling = arguments.training.sampling;
  rollout::EngineOptions options = arguments.engine.options(arguments.common);
  options.dtype = arguments.rollout_dtype;
  if (options.cache_bytes == 0) {
    const bool is_bfloat16 = options.dtype == "bfloat16";
    options.cache_bytes =
        cache_bytes_for(config,
                        {.type = is_bfloat16 ? ops::NumberType::kBFloat16 : ops::NumberType::kFloat32,
                         .with_mtp = options.speculation == "mtp",
                         .expand_latents = options.exact_logprobs},
                        arguments.prompts * sampling.num_generations,
                        arguments.prompt_tokens + sampling.max_completion_length, options.num_threads);
  }
  return options;
}

// New prompts at every step, as in training.
data::PromptBatch random_prompts(const StepArguments& arguments, int64_t step, int64_t vocab_size) {
  data::PromptBatch prompts(static_cast<size_t>(arguments.prompts));
  for (int64_t i = 0; i < arguments.prompts; ++i) {
    data::Prompt& prompt = prompts[static_cast<size_t>(i)];
    prompt.id = step * arguments.prompts + i;
    prompt.token_ids =
        random_tokens(arguments.prompt_tokens, vocab_size, arguments.common.seed, static_cast<uint64_t>(prompt.id));
  }
  return prompts;
}

double num_completion_tokens(const data::CompletionBatch& batch) {
  size_t count = 0;
  for (const data::Completion& completion : batch.completions) count += completion.token_ids.size();
  return static_cast<double>(count);
}

StepTimes time_steps(model::Model& policy, const StepArguments& arguments) {
  const int64_t vocab_size = policy.config().vocab_size;
  // Uniform, and a function of the completion: the samples of a group differ in it, so that all of them teach.
  const reward::Scorer scorer(std::vector<reward::RewardConfig>{{.name = "random", .verifier = "random"}});
  train::GrpoTrainer trainer(policy, std::make_shared<NumberTokenizer>(vocab_size), arguments.training, scorer,
                             arguments.common.seed, "bench", engine_options(arguments, policy.config()));
  StepTimes times;
  const int64_t num_steps = arguments.warmup + arguments.steps;
  for (int64_t step = 0; step < num_steps; ++step) {
    const data::PromptBatch prompts = random_prompts(arguments, step, vocab_size);
    const Clock::time_point begin = Clock::now();
    const train::StepReport report = trainer.step(prompts, step, num_steps);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (step < arguments.warmup) continue;
    times.seconds.push_back(seconds);
    times.tokens.push_back(report.metrics.at("num_tokens"));
    times.completion_tokens.push_back(num_completion_tokens(report.completions));
    for (const char* phase : kPhases) times.phases[phase].push_back(report.metrics.at(std::string("time/") + phase));
  }
  return times;
}

ordered_json to_json(const StepResult& result, const StepArguments& arguments) {
  ordered_json phases;
  for (size_t i = 0; i < kPhases.size(); ++i) phases[kPhases[i]] = result.phases[i];
  return {{"seconds_per_step", result.seconds},
          {"phases", phases},
          {"tokens_per_second", result.tokens / result.seconds},
          {"completion_tokens_per_second", result.completion_tokens / result.phases.front()},
          {"tokens", static_cast<int64_t>(result.tokens)},
          {"completion_tokens", static_cast<int64_t>(result.completion_tokens)},
          {"steps", arguments.steps},
          {"prompts", arguments.prompts},
          {"num_generations", arguments.training.sampling.num_generations},
          {"prompt_tokens", arguments.prompt_tokens},
          {"max_completion_length", arguments.training.sampling.max_completion_length},
          {"parameters", result.parameters},
          {"dtype", arguments.common.dtype},
          {"threads", arguments.common.num_threads()},
          {"peak_rss_bytes", result.peak_rss}};
}

void print_table(const StepResult& result, const StepArguments& arguments) {
  const rollout::SamplingParams& sampling = arguments.training.sampling;
  fmt::print("{:.1f} M parameters, {}, {} thread{}, peak {:.0f} MB\n", static_cast<double>(result.parameters) / 1e6,
             arguments.common.dtype, arguments.common.num_threads(), arguments.common.num_threads() == 1 ? "" : "s",
             static_cast<double>(result.peak_rss) / 1e6);
  fmt::print("{} prompts x {} completions x ({} + {} tokens); medians of {} steps\n\n", arguments.prompts,
             sampling.num_generations, arguments.prompt_tokens, sampling.max_completion_length, arguments.steps);
  fmt::print("{:<10}  {:>9}  {:>7}\n", "phase", "seconds", "share");
  for (size_t i = 0; i < kPhases.size(); ++i) {
    fmt::print("{:<10}  {:>9.3f}  {:>6.1f}%\n", kPhases[i], result.phases[i], 100 * result.phases[i] / result.seconds);
  }
  fmt::print("{:<10}  {:>9.3f}  {:>7}  {:.0f} tokens/s\n", "step", result.seconds, "", result.tokens / result.seconds);
}

void bench_step(StepArguments& arguments) {
  refuse_to_train_bfloat16(arguments.common);
  arguments.training.shared_prompt = !arguments.has_own_prompts;
  for (train::ConfigFinding& finding : contradictions(arguments.training)) {
    std::ranges::replace(finding.key, '_', '-');
    throw ConfigError("--" + finding.key, finding.sentence);
  }
  model::Model policy = open_bench_model(arguments.model, arguments.common);
  check_options(arguments.training.sampling, arguments.engine, policy.config(), nullptr);
  check_prompt(random_tokens(arguments.prompt_tokens, policy.config().vocab_size, 0, 0),
               arguments.training.sampling.max_completion_length, policy.config(), "--prompt-tokens");
  StepTimes times = time_steps(policy, arguments);
  StepResult result = {.seconds = median(times.seconds),
                       .tokens = median(times.tokens),
                       .completion_tokens = median(times.completion_tokens),
                       .phases = {},
                       .parameters = policy.config().num_parameters(),
                       .peak_rss = report::peak_rss_bytes()};
  for (const char* phase : kPhases) result.phases.push_back(median(times.phases[phase]));
  if (arguments.common.json || isatty(STDOUT_FILENO) != 1) {
    std::printf("%s\n", to_json(result, arguments).dump().c_str());
  } else {
    print_table(result, arguments);
  }
}

// The switches of GRPO that cost or save time.
void add_grpo_options(Command verb, StepArguments& arguments) {
  train::GrpoConfig& training = arguments.training;
  verb.add_option("--beta", training.loss.beta, "weight of KL; above 0 a reference scores the completions too")
      .not_negative();
  verb.add_option("--old-logprobs", training.old_logprobs, "whose the ratio is taken against: sampler or forward")
      .one_of({"sampler", "forward"});
  verb.add_option("--num-iterations", training.num_iterations, "passes over a rollout").positive();
  verb.add_option("--num-minibatches", training.num_minibatches, "optimizer steps a pass").positive();
  verb.add_option("--tokens-per-micro-batch", training.tokens_per_micro_batch, "tokens one worker takes at a time")
      .positive();
  verb.add_option("--router-replay", training.router_replay, "experts of a token in training: its own, R2 or R3")
      .one_of({"none", "R2", "R3"});
  verb.add_option("--optim", training.optimizer.optim, "adamw or muon").one_of({"adamw", "muon"});
  verb.add_option("--rollout-dtype", arguments.rollout_dtype, "of the sampler: auto, float32 or bfloat16")
      .one_of({"auto", "float32", "bfloat16"});
  verb.add_flag("--bf16", training.bf16, "training multiplies in bfloat16; weights stay float32");
  verb.add_flag("--gradient-checkpointing", training.gradient_checkpointing,
                "computes layers again in the backward pass, for less memory");
  verb.add_flag("--no-shared-prompt", arguments.has_own_prompts,
                "training computes the prompt for every completion of a group");
}

}  // namespace

void add_bench_step(Command bench) {
  auto arguments = std::make_shared<StepArguments>();
  arguments->training.sampling = {.num_generations = 8, .max_completion_length = 64};
  arguments->training.schedule.learning_rate = 1e-6;
  Command verb = bench.add_subcommand("step", "seconds of a GRPO step, by phase");
  verb.add_option("--model", arguments->model, "model folder, or config.json for fresh weights").required();
  verb.add_option("--prompts", arguments->prompts, "prompts a step").positive();
  verb.add_option("--num-generations", arguments->training.sampling.num_generations, "completions of a prompt")
      .between(1, 1 << 20);
  verb.add_option("--prompt-tokens", arguments->prompt_tokens, "random tokens of a prompt").between(1, 1 << 24);
  verb.add_option("--steps", arguments->steps, "steps that count").positive();
  verb.add_option("--warmup", arguments->warmup, "steps before them").not_negative();
  verb.add_flag("--ignore-eos", arguments->training.sampling.ignore_eos, "goes on to --max-completion-length");
  add_grpo_options(verb, *arguments);
  add_sampling_options(verb, arguments->training.sampling);
  add_engine_options(verb, arguments->engine);
  add_model_options(verb, arguments->common);
  verb.footer(
      "A table on a terminal; elsewhere, and with --json, one JSON object.\n"
      "Example:\n  aha bench step --model configs/models/nano.json --prompts 8 --num-generations 8 --ignore-eos");
  verb.callback([arguments] { bench_step(*arguments); });
}

}  // namespace aha::tools
