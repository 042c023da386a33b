// Sequences in packs, and threads that take one pack after the other.
#include "aha/model/sequence_rewards.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>

#include "aha/core/error.h"
#include "aha/ops/parallel.h"

namespace aha::model {
namespace {

using Sequences = std::vector<const std::vector<int32_t>*>;

struct Pack {
  size_t first = 0;
  Sequences sequences;
};

/// @param max_tokens of a pack, unless one sequence alone is longer
std::vector<Pack> packs_of(const std::vector<std::vector<int32_t>>& sequences, int64_t max_tokens) {
  std::vector<Pack> packs;
  int64_t filled = 0;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const int64_t length = std::ssize(sequences[i]);
    if (packs.empty() || filled + length > max_tokens) {
      packs.push_back({.first = i, .sequences = {}});
      filled = 0;
    }
    packs.back().sequences.push_back(&sequences[i]);
    filled += length;
  }
  return packs;
}

// Smaller packs where else some threads would get none.
int64_t pack_size(const std::vector<std::vector<int32_t>>& sequences, const SequenceRewardsOptions& options) {
  int64_t total = 0;
  for (const auto& sequence : sequences) total += std::ssize(sequence);
  return std::min<int64_t>(options.tokens_per_pack, total / std::max(options.num_threads, 1) + 1);
}

}  // namespace

std::vector<double> sequence_rewards(const Model& judge, const std::vector<std::vector<int32_t>>& sequences,
                                     const SequenceRewardsOptions& options) {
  if (sequences.empty()) return {};
  const std::vector<Pack> packs = packs_of(sequences, pack_size(sequences, options));
  const int num_workers = static_cast<int>(std::min<int64_t>(std::max(options.num_threads, 1), std::ssize(packs)));
  std::vector<double> rewards(sequences.size());
  std::atomic<size_t> next = 0;
  ops::run_workers(num_workers, [&](int worker) {
    const at::NoGradGuard no_grad;
    const ops::OperationThreads spare((options.num_threads + num_workers - 1 - worker) / num_workers);
    for (size_t i = next++; i < packs.size(); i = next++) {
      if (options.stop.stop_requested()) throw StoppedError("stopped as asked, while a reward model judged");
      const PackedTokens tokens = pack_tokens(packs[i].sequences);
      const at::Tensor reward_S = judge.rewards(judge.forward(tokens).hidden_TD, tokens).to(at::kDouble);
      std::copy_n(reward_S.const_data_ptr<double>(), packs[i].sequences.size(),
                  rewards.begin() + static_cast<ptrdiff_t>(packs[i].first));
    }
  });
  return rewards;
}

}  // namespace aha::model
