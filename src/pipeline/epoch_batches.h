// The batches of a stage that goes through its data epoch by epoch: counted, so that nothing of them needs saving.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/data_source.h"

namespace aha::pipeline {

struct EpochOptions {
  uint64_t seed = 0;
  std::string purpose;  // keys the order: "data/sft"
  int64_t epochs = 1;
  int64_t tokens_per_step = 1;
};

/// All sequences of an epoch, as often as their source's weight says, in random order, cut into batches that end once
/// they hold tokens_per_step tokens. A weight of 1.5 visits every row once and half of them, in another order, once
/// more; 0.5 visits another half each epoch.
class EpochBatches {
 public:
  /// @param sources finite ones
  EpochBatches(std::vector<WeightedSource> sources, const EpochOptions& options);

  int64_t size() const { return std::ssize(batches_); }
  /// Of step `step`; after the last batch comes the first again.
  std::vector<data::TrainingSequence> batch(int64_t step) const;

 private:
  struct Row {
    size_t source;
    uint64_t index;
  };

  void add_rows(size_t source, int64_t epoch, std::vector<Row>& rows) const;
  void cut(int64_t epoch);

  std::vector<WeightedSource> sources_;
  EpochOptions options_;
  std::vector<std::vector<Row>> batches_;
};

}  // namespace aha::pipeline
