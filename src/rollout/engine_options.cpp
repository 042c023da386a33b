// Checks options and translates them for decoder and workers.
#include "rollout/engine_options.h"

#include <fmt/format.h>

#include "aha/core/error.h"
#include "rollout/option_check.h"

namespace aha::rollout {

namespace {

constexpr int64_t kMostDraftTokens = 64;

}  // namespace

void check_options(const EngineOptions& options, const model::ModelConfig& config) {
  check(options.max_rows >= 1, "max_rows", "must be at least 1");
  check(options.max_sequences >= 1, "max_sequences", "must be at least 1");
  check(options.num_threads >= 0, "num_threads", "must be 0 or more");
  check(options.dtype == "auto" || options.dtype == "float32" || options.dtype == "bfloat16", "dtype",
        fmt::format("must be auto, float32 or bfloat16, not \"{}\"", options.dtype));
  check(options.speculation == "none" || options.speculation == "ngram" || options.speculation == "mtp", "speculation",
        fmt::format("must be none, ngram or mtp, not \"{}\"", options.speculation));
  check(options.num_draft_tokens >= 1 && options.num_draft_tokens <= kMostDraftTokens, "num_draft_tokens",
        fmt::format("must be between 1 and {}", kMostDraftTokens));
  check(options.speculation != "mtp" || config.num_nextn_predict_layers > 0, "speculation",
        "mtp needs a model with an MTP module, and this one has none; use ngram or none");
}

model::DecodeOptions decode_options(const EngineOptions& options, const model::Model& policy) {
  const bool is_bfloat16 =
      options.dtype == "bfloat16" || (options.dtype == "auto" && policy.dtype() == at::ScalarType::BFloat16);
  model::DecodeOptions decoding{.type = is_bfloat16 ? ops::NumberType::kBFloat16 : ops::NumberType::kFloat32,
                                .with_mtp = options.speculation == "mtp",
                                .expand_latents = options.exact_logprobs};
  const at::Device device = policy.weights().front().tensor.device();
  check(!options.exact_logprobs || (!is_bfloat16 && device.is_cpu()), "exact_logprobs",
        "takes float32 on the CPU: rounded or other sums cannot have the bits of the training forward");
  if (!device.is_cpu()) decoding.tensor_device = device;
  return decoding;
}

WorkerOptions worker_options(const EngineOptions& options) {
  WorkerOptions worker{.max_rows = options.max_rows, .max_sequences = options.max_sequences};
  if (options.speculation == "ngram") worker.speculation = Speculation::kNgram;
  if (options.speculation == "mtp") worker.speculation = Speculation::kMtp;
  worker.num_draft_tokens = worker.speculation == Speculation::kMtp ? 1 : options.num_draft_tokens;
  return worker;
}

}  // namespace aha::rollout
