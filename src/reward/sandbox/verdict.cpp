// From what was seen of a box to how the run ended.
#include "reward/sandbox/verdict.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

namespace aha::reward {
namespace {

// Of the memory allowed: who stood this close below the limit when he failed, failed by it.
constexpr double kNearlyAll = 0.9;

// A refused allocation shows in what the language says of it. Programs may say so on purpose: it earns nothing.
bool speaks_of_memory(const std::string& stderr_text) {
  const std::string_view tail =
      std::string_view(stderr_text).substr(stderr_text.size() - std::min<size_t>(stderr_text.size(), 2000));
  return tail.find("\nMemoryError") != std::string_view::npos || tail.starts_with("MemoryError") ||
         tail.find("std::bad_alloc") != std::string_view::npos ||
         tail.find("failed to map segment from shared object") != std::string_view::npos;
}

BoxStatus status_of_exit(const BoxAnswer& answer, const BoxLimits& limits) {
  const int status = answer.reply.wait_status;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return BoxStatus::kOk;
  const bool used_its_time = answer.reply.cpu_seconds >= 0.9 * limits.timeout_seconds;
  const int ended_by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (ended_by == SIGXCPU || (ended_by == SIGKILL && used_its_time)) return BoxStatus::kTimeout;
  const bool was_near = double(answer.reply.peak_bytes) >= kNearlyAll * double(limits.memory_bytes);
  return was_near || speaks_of_memory(answer.stderr_bytes) ? BoxStatus::kMemory : BoxStatus::kRuntimeError;
}

BoxStatus status_of(const BoxAnswer& answer, const BoxLimits& limits) {
  switch (answer.reply.cause) {
    case box::Cause::kExited:
      return status_of_exit(answer, limits);
    case box::Cause::kTimeout:
      return BoxStatus::kTimeout;
    case box::Cause::kMemory:
      return BoxStatus::kMemory;
    case box::Cause::kOutput:
      return BoxStatus::kOutputLimit;
    case box::Cause::kInfra:
      break;
  }
  return BoxStatus::kInfraError;
}

int exit_code_of(const BoxAnswer& answer) {
  if (answer.reply.cause == box::Cause::kInfra) return -1;
  if (answer.reply.cause != box::Cause::kExited) return 128 + SIGKILL;
  const int status = answer.reply.wait_status;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::string reason_of(const BoxAnswer& answer, BoxStatus status) {
  if (status == BoxStatus::kInfraError) {
    return std::string(answer.reply.reason, strnlen(answer.reply.reason, sizeof answer.reply.reason));
  }
  if (status != BoxStatus::kRuntimeError || !WIFSIGNALED(answer.reply.wait_status)) return "";
  const int number = WTERMSIG(answer.reply.wait_status);
  const char* name = sigabbrev_np(number);
  return name ? fmt::format("ended by SIG{}", name) : fmt::format("ended by signal {}", number);
}

}  // namespace

BoxRun verdict_on_run(BoxAnswer answer, const BoxLimits& limits) {
  BoxRun run;
  run.status = status_of(answer, limits);
  run.exit_code = exit_code_of(answer);
  run.reason = reason_of(answer, run.status);
  run.seconds = answer.reply.seconds;
  run.stdout_text = std::move(answer.stdout_bytes);
  run.stderr_text = std::move(answer.stderr_bytes);
  return run;
}

BoxRun verdict_on_compiling(BoxAnswer answer, bool is_made, const BoxLimits& limits) {
  BoxRun run = verdict_on_run(std::move(answer), limits);
  // Endless messages are messages; a compiler that crashes or makes nothing has not compiled.
  if (run.status == BoxStatus::kRuntimeError || run.status == BoxStatus::kOutputLimit ||
      (run.status == BoxStatus::kOk && !is_made)) {
    run.status = BoxStatus::kCompileError;
    if (run.stderr_text.empty()) run.stderr_text = "the compiler made no program";
  }
  return run;
}

}  // namespace aha::reward
