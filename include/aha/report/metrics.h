// A stage's numbers: metrics.jsonl and TensorBoard event files, a line a step.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace aha::report {

/// Appends {"step": n, …} to metrics.jsonl and scalars to events.out.tfevents.*; a disk that fails is logged and
/// counted, never thrown: metrics do not stop a run.
class MetricsWriter {
 public:
  /// @param keep_bytes cuts metrics.jsonl to this length first (-1: keep all): what a resumed run had at its checkpoint
  explicit MetricsWriter(const std::filesystem::path& folder, int64_t keep_bytes = -1);
  ~MetricsWriter();
  void write(int64_t step, const std::map<std::string, double>& metrics);
  int64_t size() const;  ///< bytes of metrics.jsonl, durable after sync()
  void sync();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aha::report
