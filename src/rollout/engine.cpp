// Takes requests, chooses how threads share them, and hands their completions back.
#include "aha/rollout/engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>

#include "aha/core/error.h"
#include "aha/ops/parallel.h"
#include "rollout/engine_options.h"
#include "rollout/job.h"
#include "rollout/pages.h"
#include "rollout/request_check.h"
#include "rollout/worker.h"

namespace aha::rollout {

using Requests = std::vector<std::unique_ptr<RequestState>>;

struct Engine::State {
  State(const model::Model& policy, std::shared_ptr<const data::Tokenizer> tokenizer, const EngineOptions& options);

  const model::Model& policy;
  const WorkerOptions worker_options;
  const int num_threads;
  const Language language;
  model::DecodeWeights weights;
  const model::KvCache cache;
  ThreadPlan plan;  // of the workers there are
  std::vector<std::unique_ptr<Worker>> workers;
  EngineStats stats;

  std::mutex mutex;  // of what follows
  Requests requests;
  Job* job = nullptr;  // of a run() at work
  std::shared_ptr<const CompletionRules> last_rules;

  Means means() const { return {weights.config(), cache.num_pages(), cache.page_bytes(), worker_options.shared_end()}; }
  std::shared_ptr<const CompletionRules> rules_for(const SamplingParams& params);
  std::unique_ptr<RequestState> accept(Request request, std::shared_ptr<const CompletionRules> rules, int64_t number,
                                       const std::string& place) const;
  int64_t routing_bytes(const GenerateOptions& options) const;
  void serve(Job& job);
  RunShape shape_of(const std::vector<RequestState*>& requests) const;
  void prepare_workers(const ThreadPlan& wanted);
  void add_worker_stats();
  void add_stats(const Requests& answered);
};

bool Answer::is_complete() const {
  return std::none_of(completions.begin(), completions.end(), [](const data::Completion& completion) {
    return completion.finish_reason == data::FinishReason::kUnfinished;
  });
}

namespace {

// Both are asked: a chat model's tokenizer often names one end, its config the others.
Language language_of(const model::ModelConfig& config, std::shared_ptr<const data::Tokenizer> tokenizer) {
  Language language{tokenizer, config.vocab_size, {}, {}};
  if (tokenizer) language.eos_ids = tokenizer->eos_ids();
  language.eos_ids.insert(language.eos_ids.end(), config.eos_token_ids.begin(), config.eos_token_ids.end());
  language.vocabulary = std::make_shared<const Vocabulary>(tokenizer, config.vocab_size, language.eos_ids);
  return language;
}

/// Sets stats.seconds when it goes, by an exception too.
class Clock {
 public:
  explicit Clock(EngineStats& stats) : stats_(stats) { stats = {}; }
  ~Clock() { stats_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  Clock(const Clock&) = delete;

 private:
  EngineStats& stats_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Engine::State::State(const model::Model& policy, std::shared_ptr<const data::Tokenizer> tokenizer,
                     const EngineOptions& options)
    : policy(policy),
      worker_options(rollout::worker_options(options)),
      num_threads(options.num_threads > 0 ? options.num_threads : ops::default_num_threads()),
      language(language_of(policy.config(), std::move(tokenizer))),
      weights(policy, decode_options(options, policy)),
      cache(policy.config(), options.cache_bytes, weights.options()) {}

Engine::Engine(const model::Model& policy, std::shared_ptr<const data::Tokenizer> tokenizer, EngineOptions options) {
  check_options(options, policy.config());
  state_ = std::make_unique<State>(policy, std::move(tokenizer), options);
}

Engine::~Engine() = default;

void Engine::update_weights() { state_->weights.update(state_->policy); }

void Engine::release_weights() { state_->weights.release(); }

data::CompletionBatch Engine::generate(const data::PromptBatch& prompts, const SamplingParams& params,
                                       const SampleKey& key, const GenerateOptions& options) {
  const Clock clock(state_->stats);
  const std::shared_ptr<const CompletionRules> rules = state_->rules_for(params);
  Requests requests;
  for (size_t i = 0; i < prompts.size(); ++i) {
    requests.push_back(
        state_->accept({prompts[i], params, key, {}}, rules, static_cast<int64_t>(i), fmt::format("prompt {}", i)));
  }
  Job job(options, state_->routing_bytes(options));
  for (const auto& request : requests) job.add_counted(*request);
  state_->serve(job);
  job.cut_off();
  state_->add_stats(requests);

  data::CompletionBatch batch{prompts, params.num_generations, {}, {}};
  for (const auto& request : requests) {
    std::move(request->completions.begin(), request->completions.end(), std::back_inserter(batch.completions));
    if (options.record_routing) batch.prompt_routing.push_back(std::move(request->prompt_routing));
  }
  return batch;
}

int64_t Engine::submit(Request request) {
  const std::shared_ptr<const CompletionRules> rules = state_->rules_for(request.params);
  const std::lock_guard lock(state_->mutex);
  const int64_t number = std::ssize(state_->requests);
  state_->requests.push_back(state_->accept(std::move(request), rules, number, fmt::format("request {}", number)));
  if (state_->job) state_->job->add(*state_->requests.back());
  return number;
}

void Engine::clear() {
  const std::lock_guard lock(state_->mutex);
  AHA_CHECK(!state_->job, "requests of a run at work cannot be forgotten");
  state_->requests.clear();
}

std::vector<Answer> Engine::run(const GenerateOptions& options) {
  const Clock clock(state_->stats);
  Job job(options, state_->routing_bytes(options));
  Requests answered;
  try {
    {
      const std::lock_guard lock(state_->mutex);
      for (const auto& request : state_->requests) job.add_counted(*request);
      state_->job = &job;
    }
    while (answered.empty()) {
      state_->serve(job);
      job.cut_off();
      const std::lock_guard lock(state_->mutex);
      if (job.has_waiting()) continue;
      state_->job = nullptr;
      answered = std::move(state_->requests);
      state_->requests.clear();
      if (answered.empty()) return {};
    }
  } catch (...) {
    const std::lock_guard lock(state_->mutex);
    state_->job = nullptr;
    state_->requests.clear();
    throw;
  }
  state_->add_stats(answered);
  std::vector<Answer> answers;
  for (const auto& request : answered) {
    answers.push_back({std::move(request->completions), std::move(request->prompt_routing)});
  }
  return answers;
}

// Requests that ask alike share their rules.
std::shared_ptr<const CompletionRules> Engine::State::rules_for(const SamplingParams& params) {
  {
    const std::lock_guard lock(mutex);
    if (last_rules && last_rules->params() == params) return last_rules;
  }
  auto rules = std::make_shared<const CompletionRules>(params, language);
  const std::lock_guard lock(mutex);
  last_rules = rules;
  return rules;
}

std::unique_ptr<RequestState> Engine::State::accept(Request request, std::shared_ptr<const CompletionRules> rules,
                                                    int64_t number, const std::string& place) const {
  check_prompt(request.prompt, request.params, means(), place);
  check_begun(request, means(), *rules, place);
  return std::make_unique<RequestState>(std::move(request), std::move(rules), number);
}

int64_t Engine::State::routing_bytes(const GenerateOptions& options) const {
  if (!options.record_routing) return 0;
  const int64_t bytes = rollout::routing_bytes(policy.config());
  if (bytes == 0) throw ConfigError("record_routing", "needs a mixture-of-experts model, and this one is dense");
  if (policy.config().n_routed_experts > 256) {
    throw ConfigError("record_routing", fmt::format("needs a model of at most 256 experts, and this one has {}",
                                                    policy.config().n_routed_experts));
  }
  return bytes;
}

// A phase for all that fits the workers' parts of the cache; what comes late and is too large for a part has one of its
// own.
void Engine::State::serve(Job& job) {
  if (weights.is_released()) weights.update(policy);
  for (std::vector<RequestState*> waiting = job.waiting(); !waiting.empty(); waiting = job.waiting()) {
    prepare_workers(
        plan_threads(shape_of(waiting), {.num_threads = num_threads,
                                         .num_pages = cache.num_pages(),
                                         .weight_bytes = weights.step_bytes(policy.config().n_routed_experts),
                                         .cpu_cache_bytes = last_level_cache_bytes(),
                                         .is_cpu = policy.weights().front().tensor.is_cpu()}));
    job.begin_phase(plan, cache.num_pages() / plan.num_workers, worker_options.shared_end());
    ops::run_workers(plan.num_workers, [&](int index) {
      try {
        workers[index]->run(job);
      } catch (...) {
        job.abandon();
        throw;
      }
    });
    job.end_phase();
    add_worker_stats();
  }
}

RunShape Engine::State::shape_of(const std::vector<RequestState*>& waiting) const {
  RunShape shape{.num_requests = std::ssize(waiting)};
  for (const RequestState* request : waiting) {
    const int64_t num_samples = std::ssize(request->samples);
    shape.num_samples += num_samples;
    shape.prompt_tokens += request->prompt_length();
    shape.completion_tokens += num_samples * request->max_completion_length();
    shape.most_pages = std::max(
        shape.most_pages,
        pages_for_one(request->prompt_length(), request->max_completion_length(), worker_options.shared_end()));
  }
  return shape;
}

void Engine::State::prepare_workers(const ThreadPlan& wanted) {
  const bool are_there = !workers.empty() && wanted.num_workers == plan.num_workers;
  plan = wanted;
  if (are_there) return;
  workers.clear();
  WorkerOptions options = worker_options;
  options.num_threads = plan.threads_per_worker;
  for (int i = 0; i < plan.num_workers; ++i) {
    workers.push_back(std::make_unique<Worker>(weights, cache.part({i, plan.num_workers}), options));
  }
}

void Engine::State::add_worker_stats() {
  int64_t peak_bytes = 0;
  for (const auto& worker : workers) {
    const EngineStats& part = worker->stats();
    stats.steps += part.steps;
    stats.computed_tokens += part.computed_tokens;
    stats.draft_tokens += part.draft_tokens;
    stats.accepted_draft_tokens += part.accepted_draft_tokens;
    stats.preemptions += part.preemptions;
    peak_bytes += part.peak_cache_bytes;
  }
  stats.peak_cache_bytes = std::max(stats.peak_cache_bytes, peak_bytes);
}

void Engine::State::add_stats(const Requests& answered) {
  for (const auto& request : answered) {
    stats.prompt_tokens += request->prompt_length();
    stats.completion_tokens += request->num_written();
  }
}

const EngineStats& Engine::stats() const { return state_->stats; }
const model::DecodeWeights& Engine::weights() const { return state_->weights; }

}  // namespace aha::rollout
