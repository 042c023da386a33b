// Begins, continues, records and cuts completions.
#include "rollout/request_state.h"

#include <algorithm>

namespace aha::rollout {

namespace {

constexpr int64_t kReservedTokens = 1024;  // of a completion, so that few grow while they are written

Random stream_of(const RequestState& request, const data::Completion& completion) {
  return Random(
      request.key.seed, "sample/" + request.key.stage,
      {request.key.step, static_cast<uint64_t>(request.prompt.id), static_cast<uint64_t>(completion.sample_index)});
}

}  // namespace

Sample::Sample(RequestState& owner, data::Completion& written, const Recording& recording)
    : request(owner),
      completion(written),
      num_begun(std::ssize(written.token_ids)),
      recording_(recording),
      random_(stream_of(owner, written)) {
  // What an earlier run recorded stays: those were the routes of the policy that drew the tokens.
  if (recording.routing_bytes > 0) {
    routing_ = std::move(completion.routing);
    num_routed = std::ssize(routing_) / recording.routing_bytes;
  }
  completion.routing.clear();
}

bool Sample::draw(Sampler& sampler, const float* logits) {
  if (!has_begun_) begin();
  const double uniform = random_.uniform_at(static_cast<uint32_t>(num_tokens()));
  const DrawContext context{request.prompt.token_ids, completion.token_ids, constraint_.get()};
  const SampledToken token = sampler.sample(logits, request.rules->params(), uniform, context);
  completion.policy_versions.push_back(recording_.policy_version);
  return request.rules->append(completion, token, constraint_.get());
}

void Sample::begin() {
  has_begun_ = true;
  const int64_t count = std::min(request.max_completion_length(), std::max(kReservedTokens, 2 * num_begun));
  completion.token_ids.reserve(count);
  completion.logprobs.reserve(count);
  completion.policy_logprobs.reserve(count);
  completion.policy_versions.reserve(count);
  routing_.reserve(count * recording_.routing_bytes);
  constraint_ = request.rules->start_constraint();
  if (!constraint_) return;
  for (const int32_t token : completion.token_ids) constraint_->accept(token);
}

uint8_t* Sample::experts(int64_t token_index) {
  if (recording_.routing_bytes == 0 || token_index < num_routed) return nullptr;
  return routing_.data() + token_index * recording_.routing_bytes;
}

void Sample::reach_routing(int64_t count) {
  const int64_t bytes = count * recording_.routing_bytes;
  if (bytes > std::ssize(routing_)) routing_.resize(bytes);
}

void Sample::close() {
  completion.text = request.rules->text(completion);
  const int64_t bytes = std::max<int64_t>(num_tokens() - 1, 0) * recording_.routing_bytes;
  completion.routing.assign(routing_.begin(),
                            routing_.begin() + std::min(bytes, num_routed * recording_.routing_bytes));
}

void Sample::cut(int64_t count) {
  if (num_written() <= count) return;
  const int64_t length = num_begun + count;
  completion.token_ids.resize(length);
  completion.logprobs.resize(length);
  completion.policy_logprobs.resize(length);
  completion.policy_versions.resize(length);
  completion.finish_reason = data::FinishReason::kUnfinished;
  close();
}

RequestState::RequestState(Request request, std::shared_ptr<const CompletionRules> rules, int64_t number)
    : number(number), rules(std::move(rules)), key(std::move(request.key)), prompt(std::move(request.prompt)) {
  completions.resize(this->rules->params().num_generations);
  for (data::Completion& begun : request.begun) {
    const int64_t index = begun.sample_index;
    completions[index] = std::move(begun);
  }
  for (int64_t s = 0; s < std::ssize(completions); ++s) {
    completions[s].prompt_index = number;
    completions[s].sample_index = s;
  }
  for (data::Completion& completion : completions) {
    if (completion.token_ids.empty()) completion.finish_reason = data::FinishReason::kUnfinished;
  }
}

void RequestState::open(const Recording& recording) {
  samples.clear();
  samples.reserve(completions.size());
  for (data::Completion& completion : completions) {
    if (completion.finish_reason == data::FinishReason::kUnfinished) samples.emplace_back(*this, completion, recording);
  }
  if (!samples.empty()) prompt_routing.resize(prompt_length() * recording.routing_bytes);
}

uint8_t* RequestState::prompt_experts(int64_t token_index) {
  if (prompt_routing.empty()) return nullptr;
  return prompt_routing.data() + token_index * (std::ssize(prompt_routing) / prompt_length());
}

int64_t RequestState::num_written() const {
  int64_t count = 0;
  for (const Sample& sample : samples) count += sample.num_written();
  return count;
}

}  // namespace aha::rollout
