// The verbs of the program: each adds its subcommand; a verb is one file and one row of the table in aha.cpp.
#pragma once
#include <CLI/CLI.hpp>

namespace aha::tools {

void add_run(CLI::App& program);
void add_generate(CLI::App& program);
void add_score(CLI::App& program);
void add_tokenize(CLI::App& program);
void add_eval(CLI::App& program);
void add_data(CLI::App& program);
void add_verify(CLI::App& program);
void add_inspect(CLI::App& program);
void add_bench(CLI::App& program);

}  // namespace aha::tools
