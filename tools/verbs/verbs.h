// The verbs of the program: each adds its subcommand; a verb is one file and one row of the table in aha.cpp.
#pragma once
#include "command.h"

namespace aha::tools {

void add_run(Command program);
void add_generate(Command program);
void add_score(Command program);
void add_tokenize(Command program);
void add_eval(Command program);
void add_data(Command program);
void add_verify(Command program);
void add_inspect(Command program);
void add_bench(Command program);
void add_chat(Command program);
void add_sandbox(Command program);
void add_doctor(Command program);

}  // namespace aha::tools
