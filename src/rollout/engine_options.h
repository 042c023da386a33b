// What EngineOptions come to for a model.
#pragma once
#include "aha/model/decoder.h"
#include "aha/rollout/engine.h"
#include "rollout/worker.h"

namespace aha::rollout {

/// @throws ConfigError for values out of range, and for drafts that the model cannot make
void check_options(const EngineOptions& options, const model::ModelConfig& config);
model::DecodeOptions decode_options(const EngineOptions& options, const model::Model& policy);
WorkerOptions worker_options(const EngineOptions& options);

}  // namespace aha::rollout
