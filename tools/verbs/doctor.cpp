// aha doctor: what this machine gives to training, and what would give more.
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "aha/pipeline/run.h"
#include "aha/reward/sandbox.h"
#include "reward/sandbox/toolchain.h"
#include "verbs/verbs.h"

namespace aha::tools {
namespace {

using nlohmann::ordered_json;

// The value of the first line that begins with the key and a colon.
std::string field_of_file(const std::filesystem::path& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const size_t colon = line.find(':');
    const size_t start = colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return "";
}

ordered_json cpu_facts() {
  const std::string flags = " " + field_of_file("/proc/cpuinfo", "flags") + " ";
  const auto has = [&flags](const std::string& flag) { return flags.find(" " + flag + " ") != std::string::npos; };
  return {{"model", field_of_file("/proc/cpuinfo", "model name")},
          {"cores", std::thread::hardware_concurrency()},
          {"avx2", has("avx2")},
          {"avx512", has("avx512f") && has("avx512vl") && has("avx512dq") && has("avx512bw")},
          {"avx512_bf16", has("avx512_bf16")},
          {"amx_bf16", has("amx_bf16")}};
}

int64_t kilobytes(const std::string& key) {
  int64_t value = 0;
  std::istringstream(field_of_file("/proc/meminfo", key)) >> value;
  return value;
}

// As the driver lists them; the program needs none.
ordered_json gpu_facts() {
  ordered_json models = ordered_json::array();
  std::error_code error;
  for (const auto& gpu : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", error)) {
    models.push_back(field_of_file(gpu.path() / "information", "Model"));
  }
  return models;
}

ordered_json sandbox_facts() {
  const reward::IsolationReport report = reward::probe_isolation();
  ordered_json facts = {{"isolation", reward::isolation_name(report.isolation)}, {"findings", report.findings}};
  if (!report.remedy.empty()) facts["remedy"] = report.remedy;
  for (const auto& [name, language] : {std::pair{"python", reward::ProgramLanguage::kPython},
                                       {"c", reward::ProgramLanguage::kC},
                                       {"cpp", reward::ProgramLanguage::kCpp}}) {
    const std::string path = reward::toolchain_path(language);
    facts["languages"][name] = path.empty() ? ordered_json() : ordered_json(path);
  }
  return facts;
}

ordered_json machine_facts() {
  return {{"version", pipeline::program_version()},
          {"libtorch", TORCH_VERSION},
          {"cpu", cpu_facts()},
          {"memory", {{"total_mb", kilobytes("MemTotal") >> 10}, {"available_mb", kilobytes("MemAvailable") >> 10}}},
          {"gpus", gpu_facts()},
          {"sandbox", sandbox_facts()}};
}

std::string words(const ordered_json& flags, const std::string& none) {
  std::string text;
  for (const auto& [name, is_there] : flags.items()) {
    if (is_there.is_boolean() && is_there.get<bool>()) text += (text.empty() ? "" : " ") + name;
  }
  return text.empty() ? none : text;
}

std::string sandbox_text(const ordered_json& sandbox) {
  std::string text = fmt::format("sandbox    {}\n", sandbox["isolation"].get<std::string>());
  for (const ordered_json& finding : sandbox["findings"]) {
    text += fmt::format("           {}\n", finding.get<std::string>());
  }
  if (sandbox.contains("remedy"))
    text += fmt::format("           to get more: {}\n", sandbox["remedy"].get<std::string>());
  for (const auto& [name, path] : sandbox["languages"].items()) {
    text += fmt::format("{:<10} {}\n", name,
                        path.is_null() ? "not installed: code rewards cannot judge it" : path.get<std::string>());
  }
  return text;
}

std::string machine_text(const ordered_json& facts) {
  const ordered_json& cpu = facts["cpu"];
  std::string gpus;
  for (const ordered_json& gpu : facts["gpus"]) gpus += (gpus.empty() ? "" : ", ") + gpu.get<std::string>();
  return fmt::format(
             "aha        {}, LibTorch {}\n"
             "processor  {}, {} cores; {}\n"
             "memory     {:.1f} GB, {:.1f} GB free\n"
             "GPUs       {}\n",
             facts["version"].get<std::string>(), facts["libtorch"].get<std::string>(), cpu["model"].get<std::string>(),
             cpu["cores"].get<int>(), words(cpu, "no vector instructions that aha knows"),
             facts["memory"]["total_mb"].get<double>() / 1024, facts["memory"]["available_mb"].get<double>() / 1024,
             gpus.empty() ? "none" : gpus) +
         sandbox_text(facts["sandbox"]);
}

}  // namespace

void add_doctor(Command program) {
  auto json = std::make_shared<bool>(false);
  Command verb = program.add_subcommand("doctor", "Show what this machine gives, and what would give more");
  verb.add_flag("--json", *json, "one JSON object on stdout");
  verb.footer("The sandbox is tried: boxes are made in which a canary tries to get out.\nExample:\n  aha doctor");
  verb.callback([json] {
    const ordered_json facts = machine_facts();
    std::fputs(*json ? (facts.dump() + "\n").c_str() : machine_text(facts).c_str(), stdout);
  });
}

}  // namespace aha::tools
