// A reward model's judgement of many sequences: packed by a budget of tokens, side by side on several threads.
#pragma once
#include <cstdint>
#include <stop_token>
#include <vector>

#include "aha/model/model.h"

namespace aha::model {

struct SequenceRewardsOptions {
  int num_threads = 1;
  int64_t tokens_per_pack = 2048;  // that one thread takes at a time, at most; a longer sequence stands alone
  std::stop_token stop = {};       // asked before each pack
};

/// Model::rewards of each sequence, in order, without gradients. A float32 model gives a sequence the same bits
/// whatever stands beside it, and for any options.
/// @throws InputError for a language model, an id outside the vocabulary, and a sequence longer than the context;
/// ShapeError for one without tokens; StoppedError
std::vector<double> sequence_rewards(const Model& judge, const std::vector<std::vector<int32_t>>& sequences,
                                     const SequenceRewardsOptions& options = {});

}  // namespace aha::model
