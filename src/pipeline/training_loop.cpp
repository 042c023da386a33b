// The loop around every training stage. What it writes depends on the steps alone, never on where it was interrupted.
#include "pipeline/training_loop.h"

#include <fmt/format.h>

#include <chrono>

#include "aha/core/error.h"
#include "aha/core/file.h"
#include "aha/core/log.h"
#include "aha/report/metrics.h"
#include "aha/report/process_memory.h"
#include "aha/report/progress.h"
#include "aha/reward/reward.h"
#include "pipeline/checkpoint.h"
#include "pipeline/model_source.h"
#include "pipeline/recipe.h"

namespace aha::pipeline {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

// What a step took; a stage that knows its times better has said so.
void add_costs(double seconds, StepResult& result) {
  result.metrics.try_emplace("step_time", seconds);
  result.metrics.try_emplace("tokens_per_second", static_cast<double>(result.tokens) / seconds);
  result.metrics.try_emplace("peak_rss_bytes", static_cast<double>(report::peak_rss_bytes()));
}

class Loop {
 public:
  Loop(Training& training, const LoopConfig& config, const StageContext& context, const std::string& title)
      : training_(training), config_(config), context_(context), progress_(title, training.num_steps()) {
    resume(title);
    metrics_ = std::make_unique<report::MetricsWriter>(context.folder, metrics_bytes_);
    if (!training.has_completions()) return;
    completions_ = std::make_unique<AppendFile>(context.folder / "completions.jsonl", completions_bytes_);
  }

  void run() {
    for (;;) {
      if (training_.should_measure(step_) && measured_step_ != step_) interruptible([&] { measure(); });
      if (step_ >= training_.num_steps()) break;
      if (context_.stop.stop_requested()) stop();
      interruptible([&] { take_step(); });
      if (config_.save_steps > 0 && step_ % config_.save_steps == 0) save();
    }
    finish();
  }

 private:
  void resume(const std::string& title) {
    const auto checkpoint = newest_checkpoint(context_.folder, context_.hash);
    if (!checkpoint) return;
    training_.load(checkpoint->folder);
    const json& cursor = checkpoint->cursor;
    training_.set_cursor(cursor.at("stage"));
    step_ = checkpoint->step;
    tokens_ = cursor.at("tokens").get<int64_t>();
    measured_step_ = cursor.at("measured_step").get<int64_t>();
    metrics_bytes_ = cursor.at("metrics_bytes").get<int64_t>();
    completions_bytes_ = cursor.at("completions_bytes").get<int64_t>();
    last_measured_ = cursor.at("last_measured").get<Metrics>();
    seconds_before_ = cursor.at("seconds").get<double>();
    log::info(fmt::format("{}: continues from step {}", title, step_));
  }

  // A stop asked for while a step samples leaves the state as it was after the step before: that is saved. So does a
  // reward that fails too often.
  void interruptible(const std::function<void()>& work) {
    try {
      work();
    } catch (const StoppedError&) {
      stop();
    } catch (const reward::RewardError& error) {
      save();
      throw reward::RewardError(
          fmt::format("step {}: {}; what was trained before is saved, and the same command goes on from there",
                      step_ + 1, error.what()));
    }
  }

  [[noreturn]] void stop() {
    save();
    throw StoppedError(fmt::format("stopped at step {} and saved {}; the same command continues", step_,
                                   (context_.folder / "checkpoints").string()));
  }

  void measure() {
    last_measured_ = training_.measure(step_, context_.stop);
    measured_step_ = step_;
    metrics_->write(step_, last_measured_);
    progress_.update(step_, training_.measured_note(last_measured_));
  }

  void take_step() {
    const Clock::time_point begin = Clock::now();
    StepResult result = training_.step(step_, context_.stop);
    ++step_;
    tokens_ += result.tokens;
    result.metrics["num_tokens"] = static_cast<double>(tokens_);
    add_costs(std::chrono::duration<double>(Clock::now() - begin).count(), result);
    if (completions_) completions_->append(result.completion_lines);
    if (step_ % config_.logging_steps == 0) metrics_->write(step_, result.metrics);
    progress_.update(step_, training_.note());
  }

  double seconds() const { return seconds_before_ + std::chrono::duration<double>(Clock::now() - begin_).count(); }

  void sync_logs() {
    metrics_->sync();
    if (completions_) completions_->sync();
  }

  void save() {
    sync_logs();
    const json cursor = {{"stage", training_.cursor()},
                         {"tokens", tokens_},
                         {"measured_step", measured_step_},
                         {"last_measured", last_measured_},
                         {"metrics_bytes", metrics_->size()},
                         {"completions_bytes", completions_ ? completions_->size() : 0},
                         {"seconds", seconds()}};
    save_checkpoint(context_.folder, step_, context_.hash, cursor, [&](const fs::path& folder) {
      save_policy(training_.model(), folder);
      training_.save(folder);
    });
  }

  void finish() {
    sync_logs();
    training_.finish();
    if (training_.model().lora()) {
      StagedFolder adapter(context_.folder / "adapter");
      training_.model().save_lora(adapter.path(), training_.base_model());
      adapter.commit();
    }
    StagedFolder staged(context_.folder / "model");
    training_.model().save(staged.path());
    context_.tokenizer->save(staged.path());
    staged.commit();
    json result = {{"steps", step_}, {"tokens", tokens_}, {"seconds", seconds()}};
    if (!training_.measured_task().empty()) result["task"] = training_.measured_task();
    for (const auto& [name, value] : last_measured_) result[name] = value;
    write_file_atomic(context_.folder / "result.json", result.dump(2) + "\n");
  }

  Training& training_;
  const LoopConfig& config_;
  const StageContext& context_;
  report::Progress progress_;
  std::unique_ptr<report::MetricsWriter> metrics_;
  std::unique_ptr<AppendFile> completions_;
  int64_t step_ = 0, tokens_ = 0, measured_step_ = -1;
  int64_t metrics_bytes_ = 0, completions_bytes_ = 0;  // without a checkpoint, old lines go
  Metrics last_measured_;
  double seconds_before_ = 0;
  Clock::time_point begin_ = Clock::now();
};

}  // namespace

std::string Training::measured_note(const Metrics& metrics) const {
  return fmt::format("held-out pass@1 {:.3f}", metrics.at("eval_pass@1"));
}

void run_training(Training& training, const LoopConfig& config, const StageContext& context, const std::string& title) {
  Loop(training, config, context, title).run();
}

}  // namespace aha::pipeline
