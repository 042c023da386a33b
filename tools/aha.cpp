// The program: turns a command line into one library call, and errors into exit codes.
#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "aha/core/config_fields.h"
#include "aha/core/error.h"
#include "aha/ops/tensor_memory.h"
#include "aha/pipeline/run.h"
#include "verbs/verbs.h"

namespace {

using AddVerb = void (*)(aha::tools::Command);

constexpr AddVerb kVerbs[] = {
    aha::tools::add_run,     aha::tools::add_generate, aha::tools::add_chat,    aha::tools::add_score,
    aha::tools::add_eval,    aha::tools::add_verify,   aha::tools::add_data,    aha::tools::add_tokenize,
    aha::tools::add_inspect, aha::tools::add_bench,    aha::tools::add_sandbox, aha::tools::add_doctor,
};

int fail(const std::string& sentence, aha::ExitCode code) {
  std::fprintf(stderr, "aha: %s\n", sentence.c_str());
  return static_cast<int>(code);
}

// CLI11 would only say that a verb is missing.
void refuse_unknown_verb(const CLI::App& program, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return;
  std::vector<std::string> names;
  for (const CLI::App* verb : program.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(verb->get_name());
  }
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return;
  const std::string hint = aha::did_you_mean(argv[1], names);
  throw aha::ConfigError("there is no verb `" + std::string(argv[1]) + "`; " +
                         (hint.empty() ? "see aha --help" : hint));
}

int run(int argc, char** argv) {
  CLI::App program("aha trains reasoning models the way DeepSeek-R1 was trained.", "aha");
  program.set_version_flag("--version", "aha " + aha::pipeline::program_version());
  program.require_subcommand(1);
  program.footer("Each verb has --help with an example. Start with:\n  aha run configs/smoke.yaml");
  for (const AddVerb add : kVerbs) add(aha::tools::Command(&program));
  refuse_unknown_verb(program, argc, argv);
  try {
    program.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help and --version
    return program.exit(success);
  } catch (const CLI::ParseError& error) {
    return fail(std::string(error.what()) + "; see aha --help", aha::ExitCode::kWrongInput);
  }
  return static_cast<int>(aha::ExitCode::kDone);
}

}  // namespace

int main(int argc, char** argv) {
  aha::ops::use_large_pages();
  at::set_num_threads(1);  // our own workers share the cores; each keeps to one thread
  try {
    return run(argc, argv);
  } catch (const aha::Error& error) {
    return fail(error.what(), error.code());
  } catch (const std::bad_alloc&) {
    return fail("out of memory; take smaller batches or a smaller model", aha::ExitCode::kFailed);
  } catch (const std::exception& error) {
    return fail(error.what(), aha::ExitCode::kFailed);
  }
}
