// Runs many programs in the sandbox and tells how each ended.
//
//   sandbox_probe [--best cgroup|namespaces|landlock] [--boxes N] [--executables FOLDER]
//
// In: a JSON line a program, {"id", "language", "program", "stdin", "timeout_seconds", "memory_mb", "repeat"}. Out:
// first
// {"isolation", "num_boxes"}, then a line for each run as it ends, {"id", "status", "exit_code", "stdout", "stderr",
// "seconds", "reason", "compiled"}. With --executables, what was compiled is kept there by id and taken from there
// where nothing can be compiled. After them the process waits for its input to end, so that one can look at
// what is left.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "aha/core/error.h"
#include "aha/reward/sandbox.h"

namespace aha::tests {
namespace {

using nlohmann::json;
using reward::BoxRun;
using reward::Executable;

struct SandboxProbe {
  reward::Sandbox sandbox;
  std::filesystem::path executables;
  std::mutex input_mutex = {}, output_mutex = {};
  bool has_ended = false;

  void print(const json& row) {
    const std::lock_guard lock(output_mutex);
    std::cout << row.dump(-1, ' ', true, json::error_handler_t::replace) << std::endl;
  }
  bool next(json& row) {
    const std::lock_guard lock(input_mutex);
    std::string line;
    if (has_ended || !std::getline(std::cin, line) || line.empty()) return has_ended = true, false;
    row = json::parse(line);
    return true;
  }
  Executable executable_of(const json& row, BoxRun& run) const {
    const auto language = reward::program_language(row.at("language"));
    if (language == reward::ProgramLanguage::kPython) return {language, row.at("program")};
    const auto kept = executables / std::to_string(row.at("id").get<int64_t>());
    if (sandbox.isolation() == reward::Isolation::kLandlock) {
      std::ifstream file(kept, std::ios::binary);
      return {language, std::string(std::istreambuf_iterator<char>(file), {})};
    }
    Executable made = sandbox.compile(language, row.at("program"), run);
    if (!executables.empty() && !made.bytes.empty()) std::ofstream(kept, std::ios::binary) << made.bytes;
    return made;
  }
  void tell(const json& row, const BoxRun& run, bool is_compiled) {
    print({{"id", row.at("id")},
           {"status", reward::box_status_name(run.status)},
           {"exit_code", run.exit_code},
           {"stdout", run.stdout_text},
           {"stderr", run.stderr_text},
           {"seconds", run.seconds},
           {"reason", run.reason},
           {"compiled", is_compiled}});
  }
  void run(const json& row) {
    BoxRun run;
    const Executable executable = executable_of(row, run);
    if (executable.bytes.empty()) return tell(row, run, false);
    const reward::BoxLimits limits{.timeout_seconds = row.value("timeout_seconds", 6.0),
                                   .memory_bytes = row.value("memory_mb", int64_t{512}) << 20};
    std::vector<std::thread> repeats;
    for (int i = 0; i < row.value("repeat", 1); ++i) {
      repeats.emplace_back([&] { tell(row, sandbox.run(executable, row.value("stdin", ""), limits), true); });
    }
    for (std::thread& repeat : repeats) repeat.join();
  }
  void work() {
    for (json row; next(row);) run(row);
  }
};

reward::Isolation isolation_of(const std::string& name) {
  for (auto isolation : {reward::Isolation::kNamespaces, reward::Isolation::kLandlock}) {
    if (name == reward::isolation_name(isolation)) return isolation;
  }
  return reward::Isolation::kCgroup;
}

int probe_sandbox(int argc, char** argv) {
  std::string best = "cgroup";
  std::filesystem::path executables;
  int num_boxes = 4;
  CLI::App program("Programs in the sandbox");
  program.add_option("--best", best);
  program.add_option("--boxes", num_boxes);
  program.add_option("--executables", executables);
  CLI11_PARSE(program, argc, argv);
  try {
    SandboxProbe probe{
        .sandbox = reward::Sandbox({.num_boxes = num_boxes, .allow_landlock = true, .best = isolation_of(best)}),
        .executables = executables};
    probe.print({{"isolation", reward::isolation_name(probe.sandbox.isolation())}, {"num_boxes", num_boxes}});
    std::vector<std::thread> callers;
    for (int i = 0; i < num_boxes; ++i) callers.emplace_back([&] { probe.work(); });
    for (std::thread& caller : callers) caller.join();
    probe.print({{"done", true}});
    std::cin.clear();
    for (std::string line; std::getline(std::cin, line);) continue;
  } catch (const Error& error) {
    std::fprintf(stderr, "sandbox_probe: %s\n", error.what());
    return int(error.code());
  }
  return 0;
}

}  // namespace
}  // namespace aha::tests

int main(int argc, char** argv) { return aha::tests::probe_sandbox(argc, argv); }
