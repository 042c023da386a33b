// 1 if the completion's program passes every test of its row.
#include "reward/code/code_reward.h"

#include "reward/code/code_block.h"

namespace aha::reward {
namespace {

constexpr int64_t kMebibyte = int64_t{1} << 20, kMaxMemoryMb = int64_t{1} << 20;
constexpr double kMaxTimeoutSeconds = 3600;  // the sandbox's own

Score no_code(const std::string& reason) {
  Score score{.value = 0.0};
  score.detail = {{"verdict", "no_code"}, {"reason", reason}};
  return score;
}

Score unreadable_tests(const std::string& fault) {
  Score score;
  score.detail = {{"verdict", "unparsable_gold"}, {"reason", fault}};
  return score;
}

Score score_of(const CodeVerdict& found, size_t num_tests, bool partial_credit) {
  Score score;
  score.detail = {{"verdict", found.verdict}, {"passed", found.num_passed}, {"tests", num_tests}};
  if (found.failed_test) score.detail["failed_test"] = *found.failed_test;
  score.detail["seconds"] = found.seconds;
  if (!found.reason.empty()) score.detail["reason"] = found.reason;
  if (found.verdict == "infra_error") {
    score.fault = "a program was not judged: " + found.reason;
  } else {
    score.value = partial_credit ? found.share : (found.verdict == "passed" ? 1.0 : 0.0);
  }
  return score;
}

}  // namespace

CodeReward::CodeReward(const RewardConfig& config, std::shared_ptr<const ProgramRunner> runner)
    : language_(program_language(config.code.programming_language)), runner_(std::move(runner)) {
  const BoxLimits usual;
  judging_.limits.timeout_seconds = config.limits.timeout_seconds.value_or(usual.timeout_seconds);
  if (config.limits.memory_mb) judging_.limits.memory_bytes = *config.limits.memory_mb * kMebibyte;
  judging_.partial_credit = config.code.partial_credit;
}

Score CodeReward::score(const Submission& submission) const {
  std::string fault;
  const std::optional<CodeTests> tests = read_code_tests(submission.example, fault);
  if (!tests) return unreadable_tests(fault);
  const CodeExtraction extraction = last_code_block(submission.completion);
  if (!extraction.block) return no_code(extraction.reason);
  const ProgramLanguage asked = tests->language.value_or(language_);
  const ProgramLanguage language = extraction.block->language.value_or(asked);
  if (!tests->function.empty() && language != ProgramLanguage::kPython) {
    return no_code("the tests call a Python function, and the last block is in another language");
  }
  try {
    const CodeVerdict found = judge_program(*runner_, language, extraction.block->source, *tests, judging_);
    return score_of(found, tests->tests.size(), judging_.partial_credit);
  } catch (const MissingError& error) {
    // A model must not get out of being judged by choosing a language that this machine cannot run.
    if (language == asked) throw;
    return no_code(std::string("the last block is in a language that cannot be judged here: ") + error.what());
  }
}

void CodeReward::check_example(const data::Example& example, const std::string& place) const {
  std::string fault;
  if (!read_code_tests(example, fault)) throw InputError(place, fault);
}

std::string CodeReward::extract(const std::string& completion_text) const {
  const CodeExtraction extraction = last_code_block(completion_text);
  return extraction.block ? extraction.block->source : "";
}

std::vector<Contradiction> code_contradictions(const RewardConfig& config) {
  std::vector<Contradiction> found;
  if (config.limits.timeout_seconds > kMaxTimeoutSeconds) {
    found.push_back({"timeout_seconds", "is above 3600, the longest time of a test"});
  }
  if (config.limits.memory_mb > kMaxMemoryMb) found.push_back({"memory_mb", "is above 1048576, the most of a test"});
  return found;
}

std::unique_ptr<Reward> make_code_reward(const RewardConfig& config, const RewardServices&) {
  return std::make_unique<CodeReward>(config, shared_sandbox(config.code.allow_landlock));
}

}  // namespace aha::reward
