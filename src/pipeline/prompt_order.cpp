#include "pipeline/prompt_order.h"

#include <utility>

#include "pipeline/data_source.h"

namespace aha::pipeline {

PromptOrder::PromptOrder(data::PromptBatch prompts, uint64_t seed, std::string purpose)
    : prompts_(std::move(prompts)), seed_(seed), purpose_(std::move(purpose)) {}

data::PromptBatch PromptOrder::next(int64_t num_taken, int64_t count) {
  data::PromptBatch batch;
  for (int64_t i = num_taken; i < num_taken + count; ++i) batch.push_back(at(i));
  return batch;
}

const data::Prompt& PromptOrder::at(int64_t position) {
  const int64_t size = std::ssize(prompts_);
  if (order_.empty() || epoch_ != position / size) {
    epoch_ = position / size;
    order_ = permutation(seed_, purpose_, static_cast<uint64_t>(epoch_), size);
  }
  return prompts_[static_cast<size_t>(order_[static_cast<size_t>(position % size)])];
}

}  // namespace aha::pipeline
