// Encodes a file line by line on one thread, over and over, and prints the median pass.
#include "verbs/bench_tokenize.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/data/tokenizer.h"

namespace aha::tools {
namespace {

using Clock = std::chrono::steady_clock;

struct Arguments {
  std::filesystem::path model, input;
  double seconds = 2;
};

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// Views into the text, without their newlines; empty lines are left out.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

void bench_tokenize(const Arguments& arguments) {
  const Clock::time_point start = Clock::now();
  const auto tokenizer = data::load_tokenizer(arguments.model);
  const double load_seconds = seconds_since(start);
  const std::string text = read_file(arguments.input);
  const std::vector<std::string_view> lines = lines_of(text);
  if (lines.empty()) throw InputError(arguments.input.string(), "has no line of text");
  size_t bytes = 0, tokens = 0;
  for (const std::string_view line : lines) bytes += line.size();

  std::vector<double> passes;
  const Clock::time_point begin = Clock::now();
  while (passes.empty() || seconds_since(begin) < arguments.seconds) {
    const Clock::time_point pass = Clock::now();
    tokens = 0;
    for (const std::string_view line : lines) tokens += tokenizer->encode(line).size();
    passes.push_back(seconds_since(pass));
  }
  std::sort(passes.begin(), passes.end());
  const double seconds = passes[passes.size() / 2];
  const nlohmann::ordered_json out = {{"kind", tokenizer->kind()},
                                      {"lines", lines.size()},
                                      {"bytes", bytes},
                                      {"tokens", tokens},
                                      {"seconds", seconds},
                                      {"passes", passes.size()},
                                      {"bytes_per_second", static_cast<double>(bytes) / seconds},
                                      {"tokens_per_second", static_cast<double>(tokens) / seconds},
                                      {"load_seconds", load_seconds},
                                      {"threads", 1}};
  std::printf("%s\n", out.dump().c_str());
}

}  // namespace

void add_bench_tokenize(Command bench) {
  auto arguments = std::make_shared<Arguments>();
  Command verb = bench.add_subcommand("tokenize", "bytes and tokens a second while encoding a text's lines");
  verb.add_option("model", arguments->model, "model folder, or a tokenizer's file").required();
  verb.add_option("--input", arguments->input, "text file, encoded line by line").required();
  verb.add_option("--seconds", arguments->seconds, "how long to repeat; the median pass counts").positive();
  verb.footer("Example:\n  aha bench tokenize runs/smoke/export --input README.md");
  verb.callback([arguments] { bench_tokenize(*arguments); });
}

}  // namespace aha::tools
