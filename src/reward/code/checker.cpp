// A data set's own checker: compiled once, run for every output.
#include "reward/code/checker.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <utility>

#include "reward/code/python_shim.h"

namespace aha::reward {
namespace {

constexpr size_t kMaxCheckers = 256;  // kept at a time
// Its author is trusted to be in good faith, so these only bound mistakes.
constexpr BoxLimits kCheckerLimits = {.timeout_seconds = 20, .memory_bytes = int64_t{1} << 30};

// Two threads that miss the same program compile it twice, which is harmless.
class CheckerCache {
 public:
  using Key = std::pair<ProgramLanguage, std::string>;

  std::shared_ptr<const Executable> find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(key);
    return found == kept_.end() ? nullptr : found->second;
  }
  void keep(const Key& key, std::shared_ptr<const Executable> executable) {
    const std::lock_guard lock(mutex_);
    if (kept_.size() >= kMaxCheckers) kept_.clear();
    kept_[key] = std::move(executable);
  }

 private:
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<const Executable>> kept_;
};

std::shared_ptr<const Executable> compiled_checker(const ProgramRunner& runner, const CodeChecker& checker,
                                                   std::string& fault) {
  static CheckerCache cache;
  const CheckerCache::Key key = {checker.language, checker.program};
  if (auto kept = cache.find(key)) return kept;
  BoxRun run;
  const bool is_python = checker.language == ProgramLanguage::kPython;
  auto executable = std::make_shared<const Executable>(
      runner.compile(checker.language, is_python ? checker_program(checker.program) : checker.program, run));
  if (executable->bytes.empty()) {
    fault = fmt::format("the checker was not compiled ({}): {}", box_status_name(run.status),
                        run.stderr_text.empty() ? run.reason : run.stderr_text.substr(0, 400));
    return nullptr;
  }
  cache.keep(key, executable);
  return executable;
}

}  // namespace

CheckerAnswer run_checker(const ProgramRunner& runner, const CodeChecker& checker, const CheckedTexts& texts) {
  CheckerAnswer answer;
  const auto executable = compiled_checker(runner, checker, answer.fault);
  if (!executable) return answer;
  std::string stdin_bytes = fmt::format("{} {} {}\n", texts.input.size(), texts.output.size(), texts.expected.size());
  stdin_bytes.append(texts.input).append(texts.output).append(texts.expected);
  const BoxRun run = runner.run(*executable, stdin_bytes, kCheckerLimits);
  if (run.status == BoxStatus::kOk) return {.is_right = true};
  if (run.status == BoxStatus::kRuntimeError && run.exit_code == 1) return answer;
  answer.fault = fmt::format("the checker ended with {} and exit code {}{}", box_status_name(run.status), run.exit_code,
                             run.reason.empty() ? "" : ": " + run.reason);
  return answer;
}

}  // namespace aha::reward
