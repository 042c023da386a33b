// Two files a stage: metrics.jsonl for programs, an event file for TensorBoard.
#include "aha/report/metrics.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/log.h"
#include "report/event_record.h"

namespace aha::report {
namespace {

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// TensorBoard reads the files of a folder in the order of their names: the time comes first.
std::string event_file_name() {
  static std::atomic<int> counter{0};
  return "events.out.tfevents." + std::to_string(static_cast<int64_t>(wall_time())) + ".aha." +
         std::to_string(getpid()) + "." + std::to_string(counter++);
}

std::string json_line(int64_t step, const std::map<std::string, double>& metrics) {
  nlohmann::ordered_json line = {{"step", step}};
  for (const auto& [name, value] : metrics) {
    if (name != "step") line[name] = std::isfinite(value) ? nlohmann::ordered_json(value) : nullptr;
  }
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

// A file that lost lines to a crash keeps what it has: metrics are no reason not to resume.
int64_t bytes_to_keep(const fs::path& path, int64_t wanted) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  const int64_t present = error ? 0 : static_cast<int64_t>(size);
  if (wanted <= present) return wanted;
  log::warning(path.string() + " has " + std::to_string(present) + " bytes where the checkpoint counted " +
               std::to_string(wanted) + "; its last lines are lost");
  return -1;
}

}  // namespace

struct MetricsWriter::State {
  fs::path folder;
  std::optional<AppendFile> lines, events;
  bool is_resumed = false;
  int num_failures = 0;

  // The log writer is one of the few places that swallow errors: a full disk must not end a training run.
  template <class Action>
  void attempt(const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      if (++num_failures == 1) log::warning(std::string(error.what()) + " (metrics are lost; the run goes on)");
    }
  }

  void append_event(const std::string& event) {
    if (events) events->append(tfrecord(event));
  }
};

MetricsWriter::MetricsWriter(const std::filesystem::path& folder, int64_t keep_bytes)
    : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.folder = folder;
  state.is_resumed = keep_bytes > 0;
  const fs::path lines = folder / "metrics.jsonl";
  state.attempt([&] { state.lines.emplace(lines, bytes_to_keep(lines, keep_bytes)); });
  state.attempt([&] { state.events.emplace(folder / event_file_name()); });
  state.attempt([&] { state.append_event(version_event(wall_time())); });
}

MetricsWriter::~MetricsWriter() {
  if (state_->num_failures > 1) {
    log::warning(std::to_string(state_->num_failures) + " writes of metrics failed in " + state_->folder.string());
  }
}

void MetricsWriter::write(int64_t step, const std::map<std::string, double>& metrics) {
  State& state = *state_;
  const double now = wall_time();
  state.attempt([&] {
    if (state.lines) state.lines->append(json_line(step, metrics));
  });
  state.attempt([&] {
    if (state.is_resumed) state.append_event(restart_event(now, step));
    state.is_resumed = false;
    state.append_event(scalar_event(now, step, metrics));
  });
}

int64_t MetricsWriter::size() const { return state_->lines ? state_->lines->size() : 0; }

void MetricsWriter::sync() {
  State& state = *state_;
  state.attempt([&] {
    if (state.lines) state.lines->sync();
  });
  state.attempt([&] {
    if (state.events) state.events->sync();
  });
}

}  // namespace aha::report
