// aha sandbox: runs one program the way code rewards run a model's.
#include "aha/reward/sandbox.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "aha/core/file.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

struct SandboxArguments {
  std::filesystem::path program, stdin_file;
  std::string language;
  double timeout_seconds = reward::BoxLimits().timeout_seconds;
  int64_t memory_mb = reward::BoxLimits().memory_bytes >> 20, repeat = 1;
  bool allow_landlock = false, json = false;
};

ordered_json run_to_json(const reward::BoxRun& run) {
  ordered_json row = {{"status", reward::box_status_name(run.status)},
                      {"exit_code", run.exit_code},
                      {"stdout", run.stdout_text},
                      {"stderr", run.stderr_text},
                      {"seconds", run.seconds}};
  if (!run.reason.empty()) row["reason"] = run.reason;
  return row;
}

// The same program in so many boxes, as many at once as there are cores.
ordered_json run_often(const reward::Sandbox& sandbox, const reward::Executable& executable, const std::string& input,
                       const reward::BoxLimits& limits, int64_t repeat) {
  std::atomic<int64_t> next = 0;
  std::mutex mutex;
  std::map<std::string, int64_t> statuses;
  const auto work = [&] {
    while (next++ < repeat) {
      const reward::BoxRun run = sandbox.run(executable, input, limits);
      const std::lock_guard lock(mutex);
      ++statuses[reward::box_status_name(run.status)];
    }
  };
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < sandbox.num_boxes(); ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {{"isolation", reward::isolation_name(sandbox.isolation())},
          {"boxes", repeat},
          {"at_once", sandbox.num_boxes()},
          {"seconds", seconds},
          {"boxes_per_second", double(repeat) / seconds},
          {"statuses", statuses}};
}

ordered_json run_in_sandbox(const SandboxArguments& arguments) {
  const std::string source = read_file(arguments.program);
  const std::string input = arguments.stdin_file.empty() ? "" : read_file(arguments.stdin_file);
  const reward::BoxLimits limits = {.timeout_seconds = arguments.timeout_seconds,
                                    .memory_bytes = arguments.memory_mb << 20};
  const reward::Sandbox sandbox(
      {.num_boxes = arguments.repeat > 1 ? 0 : 1, .allow_landlock = arguments.allow_landlock});
  reward::BoxRun run;
  const reward::Executable executable = sandbox.compile(reward::program_language(arguments.language), source, run);
  if (run.status != reward::BoxStatus::kOk) return run_to_json(run);
  if (arguments.repeat > 1) return run_often(sandbox, executable, input, limits, arguments.repeat);
  return run_to_json(sandbox.run(executable, input, limits));
}

}  // namespace

void add_sandbox(Command program) {
  auto arguments = std::make_shared<SandboxArguments>();
  Command verb = program.add_subcommand("sandbox", "Run a program as code rewards do, and tell how it ended");
  verb.add_option("program", arguments->program, "file of its source").required();
  verb.add_option("--language", arguments->language, "what it is written in").required().one_of({"python", "c", "cpp"});
  verb.add_option("--stdin", arguments->stdin_file, "file that it reads from its standard input");
  verb.add_option("--timeout-seconds", arguments->timeout_seconds, "it may run so long").between(0.01, 3600.0);
  verb.add_option("--memory-mb", arguments->memory_mb, "it may take so much").between(16, 1 << 20);
  verb.add_option("--repeat", arguments->repeat, "runs it so often, side by side, and tells how many boxes a second")
      .positive();
  verb.add_flag("--allow-landlock", arguments->allow_landlock,
                "Landlock is enough where user namespaces are forbidden");
  verb.add_flag("--json", arguments->json, "accepted for symmetry: the output is JSON already");
  verb.footer(
      "C and C++ are compiled in a box too. What the machine gives for boxes: aha doctor.\n"
      "Example:\n  aha sandbox answer.py --language python --stdin test.txt --timeout-seconds 2");
  verb.callback([arguments] {
    const ordered_json answer = run_in_sandbox(*arguments);
    std::printf("%s\n", answer.dump(-1, ' ', false, ordered_json::error_handler_t::replace).c_str());
  });
}

}  // namespace aha::tools
