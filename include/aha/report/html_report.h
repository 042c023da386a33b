// report.html: one file that opens offline; curves per stage, the stage table, completions before and after.
#pragma once
#include <filesystem>

namespace aha::report {

/// Reads a run folder (recipe.json, lineage.json, NN-<stage>/{metrics.jsonl,completions.jsonl,result.json}) and writes
/// report.html there. Works on unfinished runs. Model text only ever enters the page as data (textContent).
/// @throws InputError if the folder is no run folder; IoError
void write_html_report(const std::filesystem::path& run_folder);

}  // namespace aha::report
