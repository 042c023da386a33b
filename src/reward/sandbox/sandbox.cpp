// Boxes that run side by side: a free server takes the next program.
#include "aha/reward/sandbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "aha/core/error.h"
#include "reward/sandbox/box_server.h"
#include "reward/sandbox/toolchain.h"
#include "reward/sandbox/verdict.h"

namespace aha::reward {
namespace {

// A compiler's needs are known, whatever its source asks for.
const BoxLimits kCompilerLimits = {
    .timeout_seconds = 20, .memory_bytes = int64_t{768} << 20, .output_bytes = int64_t{64} << 10};

box::Tier tier_of(Isolation isolation) {
  switch (isolation) {
    case Isolation::kCgroup:
      return box::Tier::kCgroup;
    case Isolation::kNamespaces:
      return box::Tier::kNamespaces;
    default:
      return box::Tier::kLandlock;
  }
}

box::Request request_of(box::Job job, const BoxLimits& limits) {
  box::Request request;
  request.job = job;
  request.timeout_seconds = limits.timeout_seconds;
  request.memory_bytes = limits.memory_bytes;
  request.output_bytes = limits.output_bytes;
  return request;
}

void check_limits(const BoxLimits& limits) {
  if (limits.timeout_seconds > 0 && limits.timeout_seconds <= 3600 && limits.memory_bytes >= (int64_t{16} << 20) &&
      limits.output_bytes >= 0 && limits.output_bytes <= (int64_t{256} << 20)) {
    return;
  }
  throw ConfigError("limits of a box: 0 < timeout_seconds <= 3600, at least 16 MB of memory, 0 to 256 MB of output");
}

// Of this process: two sandboxes share no user and no cgroup.
int next_slot() {
  static std::atomic<int> count = 0;
  return count++;
}

std::string refusal(const IsolationReport& report, const std::string& what) {
  return fmt::format("this machine does not isolate programs: {}{}{}; aha doctor tells more", what,
                     report.remedy.empty() ? "" : "; ", report.remedy);
}

Isolation checked_isolation(const SandboxOptions& options) {
  const IsolationReport report = probe_isolation(options.best);
  const std::string last = report.findings.empty() ? "nothing was tried" : report.findings.back();
  if (report.isolation == Isolation::kNone) throw MissingError(refusal(report, last));
  if (report.isolation == Isolation::kLandlock && !options.allow_landlock) {
    throw MissingError(refusal(report, "there is Landlock alone, which must be allowed (allow_landlock: true)"));
  }
  return report.isolation;
}

}  // namespace

struct Sandbox::State {
  Isolation isolation = Isolation::kNone;
  std::string remedy;  // where more isolation would be better
  std::deque<BoxServer> servers;
  std::mutex mutex;
  std::condition_variable freed;
  std::vector<BoxServer*> free;

  BoxServer* take() {
    std::unique_lock lock(mutex);
    freed.wait(lock, [this] { return !free.empty(); });
    BoxServer* server = free.back();
    free.pop_back();
    return server;
  }

  void give_back(BoxServer* server) {
    {
      const std::lock_guard lock(mutex);
      free.push_back(server);
    }
    freed.notify_one();
  }

  // What failed for reasons outside the program gets a second try, on a new server.
  BoxAnswer ask(const box::Request& request, std::string_view program, std::string_view stdin_bytes) {
    BoxServer* server = take();
    const std::unique_ptr<BoxServer, std::function<void(BoxServer*)>> loan(
        server, [this](BoxServer* used) { give_back(used); });
    BoxAnswer answer = server->ask(request, program, stdin_bytes);
    if (answer.reply.cause != box::Cause::kInfra) return answer;
    server->stop();
    return server->ask(request, program, stdin_bytes);
  }
};

Sandbox::Sandbox(const SandboxOptions& options) : state_(std::make_unique<State>()) {
  state_->isolation = checked_isolation(options);
  state_->remedy = probe_isolation(options.best).remedy;
  const int cores = int(std::max(1U, std::thread::hardware_concurrency()));
  const int num_boxes = options.num_boxes > 0 ? options.num_boxes : cores;
  for (int slot = 0; slot < num_boxes; ++slot) {
    BoxServer& server = state_->servers.emplace_back(tier_of(state_->isolation), next_slot());
    if (const std::string why = server.start(); !why.empty()) throw MissingError("no more boxes can be made: " + why);
    state_->free.push_back(&server);
  }
}

Sandbox::~Sandbox() = default;

Isolation Sandbox::isolation() const { return state_->isolation; }

int Sandbox::num_boxes() const { return int(state_->servers.size()); }

Executable Sandbox::compile(ProgramLanguage language, const std::string& source, BoxRun& run) const {
  check_toolchain(language);
  if (language == ProgramLanguage::kPython) {
    run = {};
    run.status = BoxStatus::kOk;
    run.exit_code = 0;
    return {language, source};
  }
  if (state_->isolation == Isolation::kLandlock) {
    throw MissingError("a compiler needs processes and a folder, which Landlock alone cannot bound; " + state_->remedy);
  }
  const box::Job job = language == ProgramLanguage::kC ? box::Job::kCompileC : box::Job::kCompileCpp;
  BoxAnswer answer = state_->ask(request_of(job, kCompilerLimits), source, "");
  std::string artifact = std::move(answer.artifact);
  run = verdict_on_compiling(std::move(answer), !artifact.empty(), kCompilerLimits);
  return {language, run.status == BoxStatus::kOk ? std::move(artifact) : ""};
}

BoxRun Sandbox::run(const Executable& executable, std::string_view stdin_bytes, const BoxLimits& limits) const {
  check_limits(limits);
  if (executable.language == ProgramLanguage::kPython) check_toolchain(executable.language);
  const box::Job job = executable.language == ProgramLanguage::kPython ? box::Job::kPython : box::Job::kNative;
  return verdict_on_run(state_->ask(request_of(job, limits), executable.bytes, stdin_bytes), limits);
}

}  // namespace aha::reward
