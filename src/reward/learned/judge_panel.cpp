// One engine on the judge's weights; questions of a batch are answered side by side.
#include "reward/learned/judge_panel.h"

#include <map>
#include <mutex>
#include <utility>

#include "aha/core/random.h"
#include "aha/data/template.h"
#include "aha/rollout/engine.h"
#include "reward/learned/asked_model.h"

namespace aha::reward {
namespace {

constexpr const char* kPurpose = "judge";

int64_t id_of(const std::string& question) { return static_cast<int64_t>(hash_name(question) >> 1); }

std::string template_of(const RewardConfig& config, const data::Tokenizer& tokenizer) {
  if (config.judge.template_name) return *config.judge.template_name;
  return tokenizer.chat_template() ? "chat" : "plain";
}

}  // namespace

struct JudgePanel::State {
  State(const RewardConfig& config, const RewardServices& services)
      : asked(load_asked_model(config, services)),
        template_name(template_of(config, *asked.tokenizer)),
        engine(*asked.model, asked.tokenizer, {.num_threads = services.num_threads}) {
    params.num_generations = config.judge.num_votes;
    params.max_completion_length = config.judge.max_judge_length;
    params.temperature = config.judge.num_votes > 1 ? 1.0 : 0.0;
  }

  rollout::Request request_of(const std::string& question) const {
    data::Example example;
    example.prompt = question;
    return {.prompt = data::make_prompt(example, id_of(question), template_name, *asked.tokenizer),
            .params = params,
            .key = {.stage = kPurpose}};
  }

  AskedModel asked;
  std::string template_name;
  rollout::SamplingParams params;
  std::mutex mutex;
  rollout::Engine engine;
};

JudgePanel::JudgePanel(const RewardConfig& config, const RewardServices& services)
    : state_(std::make_unique<State>(config, services)) {}
JudgePanel::~JudgePanel() = default;

const data::Tokenizer& JudgePanel::tokenizer() const { return *state_->asked.tokenizer; }

std::vector<JudgePanel::Votes> JudgePanel::ask(const std::vector<std::string>& questions, std::stop_token stop) const {
  const std::lock_guard lock(state_->mutex);
  state_->engine.clear();  // what a batch that was refused has left
  std::map<std::string, Votes> by_question;
  std::vector<Votes*> asked;
  for (const std::string& question : questions) {
    const auto [entry, is_new] = by_question.try_emplace(question);
    if (!is_new) continue;
    try {
      state_->engine.submit(state_->request_of(question));
      asked.push_back(&entry->second);
    } catch (const InputError& error) {
      entry->second.fault = error.what();
    }
  }
  std::vector<rollout::Answer> answers;
  if (!asked.empty()) answers = state_->engine.run({.stop = std::move(stop)});
  for (size_t i = 0; i < asked.size(); ++i) {
    for (data::Completion& vote : answers.at(i).completions) asked[i]->answers.push_back(std::move(vote.text));
  }
  std::vector<Votes> votes;
  for (const std::string& question : questions) votes.push_back(by_question.at(question));
  return votes;
}

}  // namespace aha::reward
